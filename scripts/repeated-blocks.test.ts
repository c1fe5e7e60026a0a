import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repeatedBlocks } from './repeated-blocks.ts';

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

/** The blocks that stay, by their first line and the files that may contain them, and why. */
const explained: readonly { readonly first: string; readonly files: RegExp; readonly why: string }[] = [
  {
    first: 'required',
    files: /^clients\/web\/src\/.*\.tsx$/,
    why: 'A field is one element. Its attributes are its specification, and differ in one or two.',
  },
  {
    first: '<Group align="flex-end" gap="sm">',
    files: /^clients\/web\/src\/(machines\/grant-form|profile\/blocked-card)\.tsx$/,
    why: 'Two forms that begin with a username. What follows differs.',
  },
  {
    first: '.card {',
    files: /^clients\/web\/src\/(machines\/cards|profile\/profile-page)\.module\.css$/,
    why: 'Each style sheet names the shared classes that its own classes extend.',
  },
  {
    first: 'readonly pending: PendingTerminations;',
    files: /^services\/agent-hub\/src\/access\/(own-access|sharing)\.ts$/,
    why: 'The dependencies of two classes. Neither has all of the other.',
  },
];

it('no block of six lines stands twice, but for the explained ones', () => {
  const root = join(import.meta.dirname, '..');
  const paths = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.css'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((path) => !path.includes('/generated/'));
  const found = repeatedBlocks(new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])));
  const files = (place: string): string => place.replace(/:\d+$/, '');
  const reasonFor = ({ places, lines }: (typeof found)[number]) =>
    explained.find((one) => one.first === lines[0] && places.every((place) => one.files.test(files(place))));
  const unexplained = found.filter((block) => reasonFor(block) === undefined);
  expect(unexplained.map(({ places, lines }) => `${places.join(' ~ ')}: ${lines.length} lines, ${lines[0]}`)).toEqual(
    [],
  );
  expect(explained.filter((one) => !found.some((block) => reasonFor(block) === one))).toEqual([]);
});
