import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { errorCatalog } from '@webxterm/contracts/errors';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { filesOf, read, root } from './markdown-links.ts';

const commented = ['*.ts', '*.tsx', '*.cjs', '*.proto', '*.yml', '*.yaml', '*.sh', '*.jsonc', 'Dockerfile'];

/** Files and folders of this project that the comments of a text name, without those that have a pattern in them. */
const pathsInComments = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^\s*(\/\/|\/?\*|#)|\s(\/\/|\/\*\*|#) /.test(line))
    .flatMap((line) => [
      ...line.matchAll(
        /(?<![\w./@-])(?:libs|services|clients|stack|e2e|bench|scripts|docs|k8s)\/[\w./-]*\w(?![\w*]|\/\*)/g,
      ),
    ])
    .map(([path]) => path);

/** An ADR may be named by its number. The output of a build (`dist`) exists after it. */
const isThere = (path: string): boolean => {
  if (/^docs\/adr\/\d{4}$/.test(path)) return filesOf(`${path}-*.md`).length > 0;
  return /\/dist(\/|$)/.test(path) || existsSync(root + path);
};

const Manifest = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

/** Packages of which more is used than they document (ADR 6 and 49, libs/stream/src/screen/core-state.ts, libs/contracts/src/grpc). */
const usedBeyondTheirDocumentation = [
  '@lydell/node-pty',
  '@xterm/headless',
  '@xterm/xterm',
  '@xterm/addon-webgl',
  '@grpc/grpc-js',
  'ssh2',
];

/** Where a workspace would take another version of such a package than the one that was tried: `manifest package range`. */
const loosePins = (manifest: string, text: string): string[] => {
  const { dependencies, devDependencies, optionalDependencies } = Manifest.parse(JSON.parse(text));
  return [dependencies, devDependencies, optionalDependencies]
    .flatMap((kind) => Object.entries(kind))
    .filter(([name, range]) => usedBeyondTheirDocumentation.includes(name) && !/^\d+\.\d+\.\d+$/.test(range))
    .map(([name, range]) => `${manifest} ${name} ${range}`);
};

describe('references of comments and documents to the source', () => {
  it('every file and folder that a comment names exists', () => {
    const named = filesOf(...commented)
      .filter((file) => !file.includes('/generated/'))
      .flatMap((file) => pathsInComments(read(file)).map((path) => ({ file, path })));
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(({ path }) => !isThere(path))).toEqual([]);
  });

  it('a path in a comment is found, and one in a string, a name or a pattern is none', () => {
    const text = [
      '// mapped in libs/shared/src/grpc, by stack/src/main.ts.',
      "const planted = 'services/a/src/x.ts';",
      '# see @webxterm/libs/none and services/*/src',
    ].join('\n');
    expect(pathsInComments(text)).toEqual(['libs/shared/src/grpc', 'stack/src/main.ts']);
    expect(['libs/shared/src/grpc', 'docs/adr/9999', 'docs/adr/0006'].map(isThere)).toEqual([false, false, true]);
  });

  it('each decision has a number of its own, which its title has too', () => {
    const files = filesOf('docs/adr/*.md');
    expect(files.length).toBeGreaterThan(40);
    const numbers = files.map((file) => Number(/\/(\d{4})-/.exec(file)?.[1]));
    expect(numbers).toEqual([...new Set(numbers)]);
    expect(files.map((file) => Number(/^# (\d+)\. /.exec(read(file))?.[1]))).toEqual(numbers);
  });

  it('the codes that the protocol of agents names are in the one list', () => {
    const proto = read('libs/contracts/proto/vsay/agent/v1/agent.proto');
    const [, listed = ''] = /A code of contracts\/errors: (.*), \.\.\.$/m.exec(proto) ?? [];
    const codes = listed.split(', ');
    expect(codes.length).toBeGreaterThan(3);
    expect(codes.filter((code) => !(code in errorCatalog))).toEqual([]);
  });

  it('the glossary explains the nouns of the files, each once', () => {
    const [, glossary = ''] = /## Glossary\n([\s\S]*?)\n## /.exec(read('CONTRIBUTING.md')) ?? [];
    const terms = [...glossary.matchAll(/^\| ([a-zA-Z -]+) \| .{20,} \|$/gm)].map(([, term = '']) => term);
    expect(new Set(terms).size).toBe(terms.length);
    const nouns = [
      ...[
        'agent',
        'attachment',
        'capability',
        'channel',
        'driver',
        'grant',
        'guest',
        'hub',
        'identity',
        'kind',
        'limit',
      ],
      ...['link', 'machine', 'offset', 'outbox', 'participant', 'passkey', 'presence', 'provider', 'recorder'],
      ...['recording', 'release', 'right', 'ring', 'session', 'share', 'ticket', 'viewer', 'wave', 'access token'],
      ...['allow-list', 'Linux user', 'resume pass', 'link pass', 'sign-in'],
    ];
    expect(nouns.filter((noun) => !terms.includes(noun))).toEqual([]);
  });

  it('the hub forwards frames without decoding them', () => {
    const files = filesOf('services/agent-hub/src/*.ts').filter((file) => !/\.test\.ts$|\/testing\//.test(file));
    expect(files.length).toBeGreaterThan(20);
    const reading = /\b(decodeUp|decodeDown|frameType|outputHeaderSize)\b/;
    expect(files.filter((file) => reading.test(read(file)))).toEqual([]);
    // Code that decodes frames uses these names.
    expect(reading.test(read('services/terminal/src/attachment/attachment.ts'))).toBe(true);
  });

  it('the packages that are used beyond their documentation are pinned in every workspace', () => {
    const manifests = filesOf('package.json', '*/package.json');
    expect(manifests.length).toBeGreaterThan(10);
    expect(manifests.flatMap((manifest) => loosePins(manifest, read(manifest)))).toEqual([]);
    const ranges = JSON.stringify({ dependencies: { '@grpc/grpc-js': '~1.14.7', zod: '^4.0.0' } });
    expect(loosePins('a/package.json', ranges)).toEqual(['a/package.json @grpc/grpc-js ~1.14.7']);
  });

  it('the archive of a backup, which holds every secret, gets into no commit and no image, wherever in the checkout it lies', () => {
    const archives = [...read('docs/operations.md').matchAll(/(?<=> (?:\.\.\/)?)webxterm[\w.-]*/g)].map(
      ([name]) => name,
    );
    expect(new Set(archives)).toEqual(new Set(['webxterm.tgz', 'webxterm.tgz.gpg']));
    const places = archives.flatMap((name) => [name, `stack/${name}`]);
    const ignored = execFileSync('git', ['check-ignore', ...places], { cwd: root, encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(ignored).toEqual(places);
    const rules = read('.dockerignore').split('\n');
    expect(rules.indexOf('**/webxterm*.tgz*')).toBeGreaterThan(rules.findLastIndex((rule) => rule.startsWith('!')));
  });
});
