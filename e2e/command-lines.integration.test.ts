import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The programs of the npm scripts, run as npm runs them but for npm itself. Each gets an empty data folder and home: what it
// started would leave something there.

const root = fileURLToPath(new URL('..', import.meta.url));
const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webxterm-command-line-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (script: string, args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const [program, ...given] = (scripts[script] ?? '').split(' ');
    expect(program, script).toBe('node');
    const NODE_COMPILE_CACHE = getCompileCacheDir();
    const env = { NODE_COMPILE_CACHE, HOME: folder, XDG_RUNTIME_DIR: folder, WEBXTERM_DATA_DIR: join(folder, 'data') };
    execFile(process.execPath, [...given, ...args], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });

/** By program: arguments that it refuses, the unknown one last. */
const programs: [script: string, refused: string[][]][] = [
  ...[
    'start',
    'agent',
    'bench',
    'docs:site',
    'admin',
    'audit:verify',
    'doctor',
    'faults',
    'helm:chart',
    'mutation',
    'package:agent',
    'trial:updates',
    'ui:pictures',
  ].map((script): [string, string[][]] => [script, [['--bogus'], ['bogus']]]),
  // Their first argument is a file.
  ['backup', [['--bogus'], ['a.wxb', 'bogus']]],
  ['restore', [['--bogus'], ['a.wxb', 'bogus']]],
  ['support', [['--bogus'], ['a.tar.gz', 'bogus']]],
];

it('every npm script that runs a program of this project is tested here', () => {
  // Parts of `.ci/run` and steps of the development, without arguments.
  const withoutArguments = ['lock:complete', 'deps:check', 'docs:settings', 'docs:asyncapi'];
  // Its exit codes are its own, because it passes on those of commands: e2e/cli.e2e.ts tests them.
  const vsay = 'vsay';
  const own = Object.keys(scripts).filter((name) => /^node .*\.ts$/.test(scripts[name] ?? ''));
  expect([...programs.map(([script]) => script), ...withoutArguments, vsay].sort()).toEqual(own.sort());
});

describe.each(programs)('npm run %s', (script, refused) => {
  it('shows usage, options and examples at --help, and starts nothing', async () => {
    const { code, stdout, stderr } = await run(script, ['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const part of ['Usage:', 'Options:', '--help', 'Settings', 'Examples:']) expect(stdout).toContain(part);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses an option and an argument that it does not know by name, exits with 2, and starts nothing', async () => {
    for (const wrong of refused) {
      const { code, stdout, stderr } = await run(script, wrong);
      expect({ wrong, code, stdout }).toEqual({ wrong, code: 2, stdout: '' });
      expect(stderr.split('\n')[0]).toContain(`'${wrong.at(-1)}'`);
      expect(stderr).toContain('Usage:');
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

it.each([
  ['admin', [], 'A command is missing'],
  ['admin', ['promote'], "'promote' needs an e-mail address"],
  ['admin', ['users', 'a', 'b'], "Unexpected argument 'b'"],
  ['bench', ['--keys', 'many'], '--keys must be a whole number'],
  ['faults', ['--times', '-1'], "'--times"],
  ['faults', ['--times', '1.5'], '--times must be a whole number'],
  ['package:agent', ['--platform', 'linux-x86'], "--platform must be linux-x64 or linux-arm64, not 'linux-x86'"],
  ['trial:updates', ['--shells', '62'], '--shells must be 0 to 61'],
  ['package:agent', ['--publish', 'release'], '--publish needs --key and --host'],
])('npm run %s refuses %j', async (script, args, reason) => {
  const { code, stderr } = await run(script, args);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(reason) });
});
