import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOfOneShape, type RepeatedBlock, repeatedBlocks } from './repeated-blocks.ts';

describe('a repeated block', () => {
  const block = ['const one = 1;', 'const two = 2;', 'const three = 3;', 'const four = 4;', 'use(one);', 'use(two);'];
  const of = (files: Record<string, string>) => repeatedBlocks(new Map(Object.entries(files)));

  it('is found in two files and in one, whatever white space, comments and blank lines it has', () => {
    const spaced = block
      .map((line) => `  ${line}  // why\n\n`.replace('// why', ''))
      .join('  /* a note\n of two lines */\n');
    expect(of({ a: `first();\n${block.join('\n')}`, b: spaced })).toEqual([{ places: ['a:2', 'b:1'], lines: block }]);
    expect(of({ a: [...block, 'between();', ...block].join('\n') })).toEqual([
      { places: ['a:1', 'a:8'], lines: block },
    ]);
  });

  it('is reported once, with all its lines', () => {
    const longer = [...block, 'use(three);', 'use(four);'];
    const found = of({ a: longer.join('\n'), b: longer.join('\n') });
    expect(found).toEqual([{ places: ['a:1', 'b:1'], lines: longer }]);
  });

  it('has six lines or more, and is no list of imports or brackets', () => {
    const imports = block.map((_, index) => `import { x${index} } from './x${index}.ts';`).join('\n');
    const brackets = Array.from({ length: 8 }, () => '});').join('\n');
    const short = block.slice(1).join('\n');
    expect(of({ a: short, b: short, c: imports, d: imports, e: brackets, f: brackets })).toEqual([]);
  });
});

describe('a block of the same shape', () => {
  const block = [
    'const first = await open(a);',
    "if (first === undefined) throw new Error('none');",
    'for (const one of first.all) await send(one);',
    "const text = name(first, 'is read');",
    'await first.close(text, 3);',
    'return { first, text };',
  ];
  const renamed = block.map((line) =>
    line.replaceAll('first', 'second').replace('3', '45').replace("'none'", "'no b'"),
  );
  const of = (...sources: string[]) => blocksOfOneShape(new Map(sources.map((source, index) => [`${index}`, source])));

  it('differs in names, strings and numbers only', () => {
    expect(of(block.join('\n'), `start();\n${renamed.join('\n')}`)).toMatchObject([{ places: ['0:1', '1:2'] }]);
    expect(of(block.join('\n'), renamed.with(2, 'await send(second.all);').join('\n'))).toEqual([]);
  });

  it('is no declaration and no table', () => {
    const fields = ['export class A {', ...Array.from({ length: 8 }, (_, at) => `  readonly b${at}: Map<string, C>;`)];
    const table = Array.from({ length: 8 }, (_, at) => `  add('row ${at}', 'text', ${at}),`);
    expect(of(fields.join('\n'), fields.join('\n').replaceAll('b', 'd'))).toEqual([]);
    expect(of(table.join('\n'), table.join('\n').replaceAll('row', 'line'))).toEqual([]);
  });
});

interface Explained {
  readonly first: string;
  readonly files: RegExp;
  readonly why: string;
}

/** The blocks that stay, by their first line and the files that may contain them, and why. */
const explained: readonly Explained[] = [
  {
    first: 'required',
    files: /^clients\/web\/src\/.*\.tsx$/,
    why: 'A field is one element. Its attributes are its specification, and differ in one or two.',
  },
  {
    first: '<Group align="flex-end" gap="sm">',
    files: /^clients\/web\/src\/(machines\/grant-form|profile\/blocked-card)\.tsx$/,
    why: 'Two forms that begin with a username. The rest differs.',
  },
  {
    first: '.card {',
    files: /^clients\/web\/src\/(machines\/cards|profile\/profile-page)\.module\.css$/,
    why: 'Each style sheet names the shared classes that its own classes extend.',
  },
];

/** The blocks of the same shape that stay, by the shape of their first line. */
const explainedShapes: readonly Explained[] = [
  {
    first: 'const x = x;',
    files:
      /^services\/(agent-hub\/src\/(updates\/update-scheduler|session-limits\/session-limits)|auth\/src\/streams\/stream-keeper|terminal\/src\/sessions\/session-events)\.ts$/,
    why: 'Start and stop of a PeriodicTask, which has the common part.',
  },
  {
    first: 'let x: x<x<x x>>;',
    files: /^clients\/agent\/src\/integration\/(bounds|repaint)\.integration\.test\.ts$/,
    why: 'Each file opens its own kind of viewer, and sets up another prompt.',
  },
  {
    first: 'x={(x) => x(x.x.x)}',
    files: /^clients\/web\/src\/machines\/(add-machine-page|enrolment-tokens)\.tsx$/,
    why: 'The last field, the failure and the button of two forms. Each of them is one element.',
  },
  {
    first: 'return x(x);',
    files: /^libs\/contracts\/src\/frames\/(down|up)-codec\.ts$/,
    why: 'Both directions of the protocol have the same order of functions. The fields that they read and write differ.',
  },
];

/** The blocks that no reason explains, and the reasons that explain no block. */
const judge = (found: readonly RepeatedBlock[], reasons: readonly Explained[]) => {
  const file = (place: string): string => place.replace(/:\d+$/, '');
  const reasonFor = ({ places, lines }: RepeatedBlock) =>
    reasons.find((one) => one.first === lines[0] && places.every((place) => one.files.test(file(place))));
  const unexplained = found.filter((block) => reasonFor(block) === undefined);
  return {
    unexplained: unexplained.map(({ places, lines }) => `${places.join(' ~ ')}: ${lines.length} lines, ${lines[0]}`),
    unused: reasons.filter((one) => !found.some((block) => reasonFor(block) === one)),
  };
};

// All sources are compared with each other, which takes seconds on a busy machine.
describe('in this repository', { timeout: 60_000 }, () => {
  const root = join(import.meta.dirname, '..');
  const paths = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.css'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((path) => !path.includes('/generated/') && existsSync(join(root, path)));
  const files = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));

  it('no block of six lines stands twice, but for the explained ones', () => {
    expect(judge(repeatedBlocks(files), explained)).toEqual({ unexplained: [], unused: [] });
  });

  it('no block of six lines has the shape of another, but for the explained ones', () => {
    const code = new Map([...files].filter(([path]) => !path.endsWith('.css')));
    expect(judge(blocksOfOneShape(code), explainedShapes)).toEqual({ unexplained: [], unused: [] });
  });
});
