import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Machine } from '@webxterm/contracts/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleAgent } from '../../stack/src/agent-package/bundle.ts';
import { releaseFolder } from '../../stack/src/agent-package/keep-published.ts';
import { keepReleaseKey, publicPem } from '../../stack/src/agent-package/release-key.ts';
import { publishTestRelease, testPlatform } from '../../stack/src/agent-package/test-release.ts';
import { projectFolder } from '../../stack/src/project-folder.ts';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, exitCodeOf, Rest } from '../support/rest.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { packageOf, type RecordedPackage } from './agent-package.ts';

// The agent of the last release with the servers of today: npm run trial:last-agent. Its package is built from its commit once, which takes
// minutes, and compared with the recorded hash.

const record: RecordedPackage = JSON.parse(readFileSync(join(import.meta.dirname, 'agent-package.json'), 'utf8'));
const machineFolder = mkdtempSync(join(tmpdir(), 'last-agent-'));
const place = (...names: string[]): string => join(machineFolder, ...names);
const run = promisify(execFile);

let stack: TestStack;
let rest: Rest;
let agent: ChildProcess | undefined;
let agentId = '';
let before = '';

const vsayAgent = (): string => place('opt', 'current', 'bin', 'vsay-agent');

/** Puts the package where the install script puts it. */
const install = async (): Promise<void> => {
  const unpacked = await packageOf(
    record,
    testPlatform ?? '',
    join(projectFolder, 'node_modules/.cache/agent-packages'),
  );
  before = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')).version;
  mkdirSync(place('opt', 'versions'), { recursive: true });
  cpSync(unpacked, place('opt', 'versions', before), { recursive: true });
  symlinkSync(join('versions', before), place('opt', 'current'));
  const key = keepReleaseKey(join(stack.dataDir, 'release-key', 'release-key.pem'));
  writeFileSync(place('opt', 'release-key.pem'), publicPem(key));
};

const configure = async (): Promise<void> => {
  const key = (await rest.login(stack.admin)).user.api_key;
  const options = ['--token', key, '--host', stack.url, '--name', 'last', '--linux-user', userInfo().username];
  await run(vsayAgent(), ['configure', ...options, '--config', place('agent.yaml')], { env: { HOME: machineFolder } });
  const args = ['start', '--allow-writable-program', '--config', place('agent.yaml')];
  agent = spawn(vsayAgent(), args, { env: { HOME: machineFolder, PATH: '/usr/bin:/bin' }, stdio: 'ignore' });
};

const machine = async (): Promise<Machine | undefined> =>
  (await rest.machines()).find(({ name, status }) => name === 'last' && status === 'online');
const open = (query: Record<string, string | number> = {}): Promise<RawTerminal> =>
  RawTerminal.open(stack.url, agentId, { token: rest.token ?? '', ...query });

beforeAll(async () => {
  stack = await startTestStack({ agent: false, mayGrantItsMachine: true });
  rest = new Rest(stack.url, (await new Rest(stack.url).login(stack.admin)).token);
  await install();
  await configure();
  agentId = (await eventually('the agent of the last release is online', machine)).agent_id;
}, 1_200_000);
afterAll(async () => {
  agent?.kill('SIGTERM');
  if (agent?.exitCode === null) await once(agent, 'exit');
  await stack?.stop();
  rmSync(machineFolder, { recursive: true, force: true });
}, 60_000);

describe.runIf(testPlatform !== undefined)('the agent of the last release', () => {
  it('is served: its version is shown, and shells have input, size and exit code', async () => {
    expect(await machine()).toMatchObject({ agent_version: before, update: { policy: { channel: 'stable' } } });
    const shell = await open({ cols: 91, rows: 33 });
    await shell.type('stty size; echo $((6*7))-tea\n');
    await shell.untilText('33 91');
    await shell.untilText('42-tea');
    await shell.type('exit 3\n');
    expect((await shell.closed).code).toBe(1000);
    expect(await exitCodeOf(rest, shell.sessionId)).toBe(3);
  });

  it('runs a command, and a viewer whose connection was cut continues at its byte', async () => {
    const { status, body } = await rest.post(`/api/machines/${agentId}/command`, { command: 'echo out; exit 4' });
    expect([status, body]).toEqual([200, expect.objectContaining({ stdout: 'out\n', exit_code: 4 })]);
    const first = await open();
    await first.run('echo one-$((1+1))');
    first.cut();
    const second = await open({ session_id: first.sessionId, from: first.offset });
    await second.run('echo two-$((1+2))');
    expect(second.output.toString()).not.toContain('one-2');
    expect(second.output.toString()).toContain('two-3');
    await second.type('exit\n');
    await second.closed;
  });

  it('is refused by name what it does not have', async () => {
    const { status, body } = await rest.get(`/api/machines/${agentId}/files?path=/`);
    expect([status, body.error]).toEqual([
      409,
      expect.stringMatching(/no sessions of kind files_read.*Update the agent/),
    ]);
  });

  it('keeps its shells while its hub is killed', async () => {
    const shell = await open();
    await shell.run('here=$$');
    await stack.kill('agent-hub-1');
    await eventually('it is online again', machine, 60_000);
    const again = await eventually('the shell is attached again', () => open({ session_id: shell.sessionId }), 60_000);
    await again.type('test "$here" = $$ && echo same-$((2+3))\n');
    await again.untilText('same-5');
    await again.type('exit\n');
    await again.closed;
  });

  it('is updated to the agent of today on request, in its process, with an open shell', async () => {
    const folder = releaseFolder(stack.dataDir);
    const key = keepReleaseKey(join(stack.dataDir, 'release-key', 'release-key.pem'));
    const bundle = await bundleAgent(projectFolder);
    const { version } = await publishTestRelease({ bundle, folder, key, mark: 'after the last release' });
    const shell = await open();
    await shell.run('here=$$');
    await eventually('the update is offered', async () =>
      (await rest.post(`/api/machines/${agentId}/update`, {})).status === 202 ? true : undefined,
    );
    await eventually(
      'today runs',
      async () => ((await machine())?.agent_version === version ? true : undefined),
      120_000,
    );
    expect(agent?.exitCode).toBeNull();
    const again = await eventually('the shell is attached again', () => open({ session_id: shell.sessionId }), 60_000);
    await again.type('test "$here" = $$ && echo same-$((2+3))\n');
    await again.untilText('same-5');
    expect((await rest.get(`/api/machines/${agentId}/files?path=/`)).status).toBe(200);
  });
});
