import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { loadMachineKey } from '../../../clients/agent/src/identity/machine-key.ts';
import { TestHub } from '../../../clients/agent/src/integration/test-hub.ts';
import { TestViewer } from '../../../clients/agent/src/integration/test-viewer.ts';
import { Installation, programOf } from '../../../clients/agent/src/update/installation.ts';
import { projectFolder } from '../project-folder.ts';
import { type Bundle, bundleAgent } from './bundle.ts';
import { packageContents } from './contents.ts';
import { pinnedPackages, platforms } from './pinned-packages.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `shells`: beside a printer, a program that reads what is typed, and an editor. */
    updateTrial?: { updates: number; rollBacks: number; shells: number };
  }
}

// `npm run trial:updates` provides higher numbers.
const trial = inject('updateTrial');
const { updates, rollBacks, shells: moreShells } = trial ?? { updates: 3, rollBacks: 1, shells: 0 };

const platform = platforms.find((each) => each === `${process.platform}-${process.arch}`);
/** A change takes two looks of 5 s and the start of a Node. */
const changesWithinMs = 90_000;

let bundle: Bundle;
let hub: TestHub;
let folder = '';
let installation: Installation;
let agent: ChildProcess | undefined;
let log = '';
let sequence = 1;

beforeAll(async () => {
  bundle = await bundleAgent(projectFolder);
});

beforeEach(async () => {
  hub = await new TestHub().start();
  folder = mkdtempSync(join(tmpdir(), 'hand-over-'));
  installation = new Installation(folder);
  writeFileSync(join(folder, 'release-key.pem'), '');
  unpackVersion('0.1.0');
  symlinkSync('versions/0.1.0', join(folder, 'current'));
});

afterEach(async () => {
  if (agent !== undefined && agent.exitCode === null && agent.signalCode === null) {
    agent.kill('SIGKILL');
    await once(agent, 'close');
  }
  hub.kill();
  rmSync(folder, { recursive: true, force: true });
});

afterAll(() => vi.restoreAllMocks());

/** A version as install.sh and updates leave it, with the Node that runs this test in place of its own. `begins`: code before its own. */
const unpackVersion = (version: string, begins = ''): void => {
  if (platform === undefined) return;
  const { node, pty } = pinnedPackages(projectFolder, platform);
  const { files } = packageContents(projectFolder, {
    bundle,
    version,
    platform,
    node: { package: node, binary: Buffer.from(`#!/bin/sh\nexec ${process.execPath} "$@"\n`), licence: '' },
    pty: {
      package: pty,
      binary: readFileSync(join(projectFolder, 'node_modules', pty.name, 'pty.node')),
      licence: '',
    },
  });
  for (const { path, mode, content } of files) {
    const file = join(installation.versions, version, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, path === 'lib/agent.js' ? beginning(content.toString(), begins) : content, { mode });
  }
};

/** The program with this code after its first line, which names its interpreter. */
const beginning = (program: string, code: string): string => program.replace(/^(#!.*\n)?/, `$1${code}\n`);

/** As on a machine without any room: files can be created, but not filled. */
const withoutRoom = ['/bin/sh', '-c', 'trap "" XFSZ; ulimit -f 0; exec "$@"', 'sh'];

const startAgent = async (wrapped: readonly string[] = []): Promise<void> => {
  launch([...wrapped, ...programOf(installation, '0.1.0')]);
  await hub.linked();
};

const launch = ([file = '', ...args]: readonly string[]): void => {
  const config = join(folder, 'agent.yaml');
  const settings = { host: 'http://127.0.0.1:1', grpc: hub.address, token: 'vsay_ak_test', name: 'box' };
  writeFileSync(config, JSON.stringify({ ...settings, linux_user: userInfo().username }), { mode: 0o600 });
  const started = spawn(file, [...args, 'start', '--allow-writable-program', '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { HOME: folder, PATH: '/usr/local/bin:/usr/bin:/bin' },
  });
  agent = started;
  log = '';
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
};

const linkedAs = (version: string): Promise<void> =>
  vi.waitFor(
    () => expect([hub.hellos.at(-1)?.facts?.agentVersion, log]).toEqual([version, expect.anything()]),
    changesWithinMs,
  );

/** Installs a version, and waits until the running agent is that version. */
const changeTo = async (version: string, viewers: readonly TestViewer[]): Promise<void> => {
  unpackVersion(version);
  sequence += 1;
  const next = hub.nextLink();
  await installation.activate(version, { manifest: Buffer.from('{}'), sequence });
  await next;
  await linkedAs(version);
  for (const viewer of viewers) expect(await viewer.attach()).toMatchObject({ type: 'accepted', created: false });
  // As after a minute of connection.
  await installation.confirm();
};

/** Installs a version that the hub refuses, and waits until the agent is the version before again. */
const tryInVain = async (version: string, before: string, viewers: readonly TestViewer[]): Promise<void> => {
  const { answer } = hub;
  const value = { code: 'protocol_unsupported', message: 'No.', permanent: true, retryAfterMs: 0, generationHeld: 0n };
  hub.answer = (hello) => (hello.facts?.agentVersion === version ? { $case: 'refused', value } : answer(hello));
  unpackVersion(version);
  sequence += 1;
  const next = hub.nextLink();
  await installation.activate(version, { manifest: Buffer.from('{}'), sequence });
  await next;
  await linkedAs(before);
  expect(hub.hellos.map(({ facts }) => facts?.agentVersion)).toContain(version);
  hub.answer = answer;
  for (const viewer of viewers) expect(await viewer.attach()).toMatchObject({ type: 'accepted', created: false });
};

/** Shells that print a numbered line every half second until the file is there, each with an exit code of its own. */
const slowPrinters = async (count: number, stop: string): Promise<TestViewer[]> => {
  const shells = Array.from({ length: count }, () => new TestViewer(hub));
  for (const [index, shell] of shells.entries()) {
    await shell.attach({ create: true });
    shell.type(
      `stty -echo; PS1=; echo; i=0; while [ ! -e ${stop} ]; do echo n$i; i=$((i+1)); sleep 0.5; done; exit ${index % 100}\n`,
    );
    await shell.seen('n0');
  }
  return shells;
};

/** Fails with the first number that is missing or doubled. @returns how many there are */
const checkNumbers = (viewer: TestViewer): number => {
  const numbers = numbersIn(viewer);
  expect(numbers.length).toBeGreaterThan(0);
  expect(numbers.findIndex((number, index) => number !== index)).toBe(-1);
  expect(viewer.frames.filter(({ type }) => type === 'gap')).toEqual([]);
  return numbers.length;
};

const procOf = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
};

const runs = (pid: number): boolean => /^State:\s+[^ZX]/m.test(procOf(pid, 'status'));

/** Whether descriptor 0 of the process is a file without a name. */
const hasLeftState = (pid: number): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/fd/0`).endsWith('(deleted)');
  } catch {
    return false;
  }
};
const isOtherVersion = (pid: number): boolean => procOf(pid, 'cmdline').includes('/versions/0.1.1/');

/** The steps of a change to 0.1.1 that can be seen from outside, in this order. */
const moments: readonly (readonly [string, (pid: number) => boolean])[] = [
  ['has announced the change', () => log.includes('another version of the agent takes over')],
  ['has left the state of its sessions', hasLeftState],
  ['is the other program', isOtherVersion],
  ['has counted the start of the other version', () => installation.trial?.starts === 1],
  ['has taken the sessions over', (pid) => installation.trial?.starts === 1 && !hasLeftState(pid)],
  ['says hello', () => hub.hellos.at(-1)?.facts?.agentVersion === '0.1.1'],
];

const numbersIn = (viewer: TestViewer): number[] =>
  viewer.text.split('\r\n').flatMap((line) => (/^n\d+$/.test(line) ? [Number(line.slice(1))] : []));

describe.runIf(platform !== undefined)('an agent that is replaced by another version', () => {
  it(`keeps output, input, an editor and exit codes of shells over ${updates} updates and ${rollBacks} roll-backs`, async () => {
    await startAgent();
    const pid = agent?.pid;
    const [printer, typist] = [new TestViewer(hub), new TestViewer(hub)];
    for (const viewer of [printer, typist]) await viewer.attach({ create: true });
    const stop = join(folder, 'stop');
    printer.type(
      `stty -echo; PS1=; echo; i=0; while [ ! -e ${stop} ]; do j=0; while [ $j -lt 40 ]; do echo n$i; i=$((i+1)); j=$((j+1)); done; sleep 0.03; done; exit 7\n`,
    );
    await printer.seen('n1000');
    const typed = join(folder, 'typed');
    typist.type(`stty -echo; PS1=; cat > ${typed}; exit 9\n`);
    const edited = join(folder, 'edited');
    const editor = new TestViewer(hub);
    await editor.attach({ create: true });
    editor.type(`vim -u NONE -N ${edited}; exit 5\n`);
    // The last line of an empty file: the editor is drawn.
    await editor.seen('\x1b[23;1H~');
    editor.type('ione ');
    await editor.seen('INSERT');
    const more = await slowPrinters(moreShells, stop);
    const viewers = [printer, typist, editor, ...more];
    const words: string[] = [];
    const seconds: number[] = [];
    for (let update = 1; update <= updates; update += 1) {
      const startedAt = performance.now();
      await changeTo(`0.${update}.1`, viewers);
      seconds.push((performance.now() - startedAt) / 1000);
      for (const viewer of [typist, editor]) viewer.type(`word${update} `);
      words.push(`word${update} `);
      if (update % Math.ceil(updates / rollBacks) === 0) await tryInVain(`0.${update}.2`, `0.${update}.1`, viewers);
    }
    typist.type('\n');
    const text = `${words.join('')}\n`;
    await vi.waitFor(() => expect(readFileSync(typed, 'utf8')).toBe(text), changesWithinMs);
    writeFileSync(stop, '');
    typist.type('\x04');
    editor.type('\x1b:wq\r');
    expect(await editor.frame('ended')).toMatchObject({ exitCode: 5, cause: 'shell_exit' });
    expect(readFileSync(edited, 'utf8')).toBe(`one ${text}`);
    expect(await typist.frame('ended')).toMatchObject({ exitCode: 9, cause: 'shell_exit' });
    expect(await printer.frame('ended')).toMatchObject({ exitCode: 7, cause: 'shell_exit' });
    for (const [index, shell] of more.entries())
      expect(await shell.frame('ended')).toMatchObject({ exitCode: index % 100, cause: 'shell_exit' });
    expect(numbersIn(printer).length).toBeGreaterThan(5000);
    const lines = [printer, ...more].reduce((sum, shell) => sum + checkNumbers(shell), 0);
    expect(installation.failed).toHaveLength(rollBacks);
    expect([agent?.pid, agent?.exitCode]).toEqual([pid, null]);
    const range = [Math.min(...seconds), Math.max(...seconds)].map((time) => time.toFixed(1)).join(' to ');
    process.stdout.write(
      `  ${lines} lines of ${more.length + 1} shells through ${updates} updates and ${rollBacks} roll-backs; an update took ${range} s\n`,
    );
  }, 900_000);

  it.each(moments)(
    'is back by its service if it is killed when it %s, and leaves no half state',
    async (_when, reached) => {
      await startAgent();
      const pid = agent?.pid ?? 0;
      const viewer = new TestViewer(hub);
      await viewer.attach({ create: true });
      const file = join(folder, 'shell');
      viewer.type(`echo $$ > ${file}; echo written-$((1+1))\n`);
      await viewer.seen('written-2');
      unpackVersion('0.1.1');
      await installation.activate('0.1.1', { manifest: Buffer.from('{}'), sequence: 2 });
      await vi.waitFor(() => expect(reached(pid)).toBe(true), { timeout: changesWithinMs, interval: 1 });
      process.kill(pid, 'SIGKILL');
      if (agent?.exitCode === null && agent.signalCode === null) await once(agent, 'close');
      const shell = Number(readFileSync(file, 'utf8'));
      await vi.waitFor(() => expect(runs(shell)).toBe(false), changesWithinMs);
      const next = hub.nextLink();
      launch([join(folder, 'current/bin/vsay-agent')]);
      await next;
      await linkedAs('0.1.1');
      expect(await new TestViewer(hub, viewer.sessionId).attach()).toMatchObject({ type: 'ended', cause: 'unknown' });
      const other = new TestViewer(hub);
      await other.attach({ create: true });
      other.type('echo $((6*7))\n');
      await other.seen('42');
      expect([installation.current, installation.lastGood, installation.failed]).toEqual(['0.1.1', '0.1.0', []]);
      expect(installation.trial).toMatchObject({ version: '0.1.1' });
      const left = [folder, '/dev/shm', tmpdir(), '/run'].flatMap((each) => readdirSync(each));
      expect(left.filter((name) => name.endsWith('.new') || name === `vsay-agent-${pid}`)).toEqual([]);
    },
    200_000,
  );

  it.runIf(trial !== undefined)(
    'goes back by itself, with its sessions, after three minutes of a version that cannot connect',
    async () => {
      await startAgent();
      const pid = agent?.pid;
      const stop = join(folder, 'stop');
      const shells = await slowPrinters(1 + moreShells, stop);
      // Connects to nothing, as with a broken TLS library.
      unpackVersion(
        '0.1.1',
        `import { Socket } from 'node:net'; Socket.prototype.connect = function () { setImmediate(() => this.destroy(new Error('broken'))); return this; };`,
      );
      const next = hub.nextLink();
      const startedAt = performance.now();
      await installation.activate('0.1.1', { manifest: Buffer.from('{}'), sequence: 2 });
      await next;
      const seconds = (performance.now() - startedAt) / 1000;
      await linkedAs('0.1.0');
      expect(hub.hellos.map(({ facts }) => facts?.agentVersion)).not.toContain('0.1.1');
      expect(log).toContain('0.1.1');
      for (const shell of shells) expect(await shell.attach()).toMatchObject({ type: 'accepted', created: false });
      writeFileSync(stop, '');
      for (const [index, shell] of shells.entries())
        expect(await shell.frame('ended')).toMatchObject({ exitCode: index % 100, cause: 'shell_exit' });
      const lines = shells.reduce((sum, shell) => sum + checkNumbers(shell), 0);
      expect(lines).toBeGreaterThan(shells.length * 100);
      const why = 'it was not connected for 60 s within 180 s after its start';
      expect(installation.failed).toMatchObject([{ version: '0.1.1', why }]);
      expect([installation.current, installation.trial]).toEqual(['0.1.0', undefined]);
      expect([agent?.pid, agent?.exitCode]).toEqual([pid, null]);
      process.stdout.write(
        `  ${lines} lines of ${shells.length} shells through a version that cannot connect; back after ${seconds.toFixed(0)} s\n`,
      );
    },
    600_000,
  );

  it('continues with its sessions if there is no space for the hand-over, and reports the reason', async () => {
    // A new key would have to be written.
    await loadMachineKey(join(folder, 'agent.key'));
    await startAgent(withoutRoom);
    const viewer = new TestViewer(hub);
    await viewer.attach({ create: true });
    unpackVersion('0.1.1');
    await installation.activate('0.1.1', { manifest: Buffer.from('{}'), sequence: 2 });
    await vi.waitFor(() => expect(log).toContain('the sessions cannot be handed over now'), changesWithinMs);
    viewer.type('echo $((6*7))\n');
    await viewer.seen('42');
    expect(hub.hellos.map(({ facts }) => facts?.agentVersion)).not.toContain('0.1.1');
  }, 200_000);

  it('hands over the last output of a shell that has ended, and what it ended with', async () => {
    await startAgent();
    const viewer = new TestViewer(hub);
    viewer.acks = false;
    await viewer.attach({ create: true });
    viewer.type('PS1=; printf "last %s\\n" words; exit 3\n');
    await hub.message('sessionEnded');
    await changeTo('0.1.1', []);
    const late = new TestViewer(hub, viewer.sessionId);
    await late.attach();
    expect(await late.frame('ended')).toMatchObject({ exitCode: 3, cause: 'shell_exit' });
    expect(late.text).toContain('last words');
  }, 200_000);
});
