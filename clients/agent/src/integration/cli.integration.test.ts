import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { ReadStream } from 'node:tty';
import { createAuthority, issueCertificate } from '@webxterm/stack/pki';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { loadNativePty, spawnHelperPath } from '../shell/native-pty.ts';
import { markedSleep, markedSleeps } from './sleeps.ts';
import { TestHub } from './test-hub.ts';

const main = path.join(import.meta.dirname, '..', 'main.ts');

let directory = '';
let hub: TestHub;
let server: Server;
let host = '';
const children: ChildProcess[] = [];

const agent = (...args: string[]) => run([process.execPath, main, ...args]);

/** As on a full disk: files can be created, but not filled. */
const agentWithoutDisk = (...args: string[]) =>
  run(['sh', '-c', 'trap "" XFSZ; ulimit -f 0; exec "$@"', 'sh', process.execPath, main, ...args]);

const run = ([program = '', ...args]: string[]) => {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  const closed = once(child, 'close');
  const watchers: { text: string; found(): void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      for (const watcher of watchers) if (output.includes(watcher.text)) watcher.found();
    });
  }
  return {
    child,
    output: () => output,
    says: (text: string) => new Promise<void>((found) => watchers.push({ text, found })),
    exit: async () => {
      const [code] = await closed;
      return { code, output };
    },
  };
};

/** Starts the agent in a terminal of its own, behind the words `before`. Resolves once it is linked. */
const startOnTerminal = async (...before: string[]) => {
  const [file = '', ...args] = [...before, process.execPath, main, 'start', '--config', config()];
  const environment = ['PATH=/usr/local/bin:/usr/bin:/bin', `HOME=${directory}`];
  const ended = Promise.withResolvers<void>();
  const linked = hub.nextLink();
  const helper = spawnHelperPath();
  const onExit = (): void => ended.resolve();
  const { fd, pid } = loadNativePty().fork(file, args, environment, directory, 80, 24, -1, -1, true, helper, onExit);
  const terminal = new ReadStream(fd).resume();
  // Once the last process has left it, a terminal is an error to read.
  terminal.on('error', () => {});
  const signalAll = (signal: string) => spawnSync('kill', ['-s', signal, '--', `-${pid}`]);
  onTestFinished(() => void signalAll('KILL'));
  await linked;
  return { ended: ended.promise, hangUp: () => terminal.destroy(), stop: () => signalAll('TERM') };
};

const answers: RequestListener = (request, response) => {
  if (request.url !== '/.well-known/webxterm') return void response.writeHead(404).end();
  const grpc = { addresses: [hub.address], tls: false };
  response.end(JSON.stringify({ name: 'WebXTerm', version: '1', installation_id: 'i', grpc }));
};

const config = (): string => path.join(directory, 'vsay', 'agent.yaml');
const configure = (url: string, ...more: string[]) =>
  agent('configure', '--token', 'vsay_ak_secret', '--host', url, '--name', 'box', '--config', config(), ...more).exit();

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'agent-cli-'));
  hub = await new TestHub().start();
  server = createServer(answers);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  host = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  }
  server.close();
  hub.kill();
  await rm(directory, { recursive: true, force: true });
});

describe('vsay-agent configure', () => {
  it('registers once and keeps what was issued in place of the API key', async () => {
    const { code, output } = await configure(host);
    expect(output).toContain('Registered as box (ag_test) of owner');
    expect(code).toBe(0);
    expect(hub.hellos[0]).toMatchObject({ registerOnly: true, credential: { value: 'vsay_ak_secret' } });
    expect(await readFile(config(), 'utf8')).not.toContain('vsay_ak_secret');
    for (const file of ['agent.yaml', 'agent.key', 'agent.credential', 'agent.generation']) {
      expect((await stat(path.join(path.dirname(config()), file))).mode & 0o777).toBe(0o600);
    }
    const shown = await agent('show-config', '--config', config()).exit();
    expect(shown.output).toContain('machine_credential: (hidden)');
    expect(shown.output).not.toContain('wxt_mc_');
    expect((await agent('validate', '--config', config()).exit()).code).toBe(0);
    expect((await agent('status', '--config', config()).exit()).output).toContain('not running');
  });

  it('leaves an image without an identity; the agent enrols when it starts, and keeps the token for copies', async () => {
    const image = (token: string) =>
      agent('configure', '--token', token, '--host', host, '--image', '--config', config()).exit();
    expect(await image('vsay_ak_secret')).toMatchObject({
      code: 2,
      output: expect.stringContaining('enrolment token'),
    });
    expect(await image('wxt_et_test')).toMatchObject({
      code: 0,
      output: expect.stringContaining('boots from this image'),
    });
    expect(hub.hellos).toEqual([]);
    expect(await readdir(path.dirname(config()))).toEqual(['agent.yaml']);
    const linked = hub.nextLink();
    agent('start', '--config', config());
    await linked;
    expect(hub.hellos[0]?.credential).toEqual({ $case: 'registrationToken', value: 'wxt_et_test' });
    const credential = path.join(path.dirname(config()), 'agent.credential');
    await expect.poll(() => readFile(credential, 'utf8').catch(() => '')).toContain('wxt_mc_test');
    expect(await readFile(config(), 'utf8')).toContain('wxt_et_test');
  });

  it('reports a wrong API key at once, and exits with 3', async () => {
    const value = { code: 'bad_api_key', message: 'The API key is not valid.', permanent: true };
    hub.answer = () => ({ $case: 'refused', value: { ...value, retryAfterMs: 0, generationHeld: 0n } });
    const { code, output } = await configure(host);
    expect(code).toBe(3);
    expect(output).toMatch(/The API key is not valid.*Profile page/);
    expect(output).not.toMatch(/ {4}at /);
  });

  it('does not change a configured agent if the server refuses', async () => {
    await configure(host);
    const before = await readFile(config(), 'utf8');
    const value = { code: 'bad_registration_token', message: 'This registration token was used.', permanent: true };
    hub.answer = () => ({ $case: 'refused', value: { ...value, retryAfterMs: 0, generationHeld: 0n } });
    const token = `wxt_rt_${'x'.repeat(43)}`;
    const { code, output } = await agent('configure', '--token', token, '--host', host, '--config', config()).exit();
    expect([code, output]).toEqual([3, expect.stringContaining('The configuration is as it was before.')]);
    expect(hub.hellos.at(-1)?.credential).toEqual({ $case: 'registrationToken', value: token });
    expect(await readFile(config(), 'utf8')).toBe(before);
    expect(await readFile(config().replace('.yaml', '.credential'), 'utf8')).toContain('wxt_mc_test');
  });

  it('keeps the configuration if the server cannot be reached, and start retries', async () => {
    const { code, output } = await configure('http://127.0.0.1:1');
    expect(code).toBe(0);
    expect(output).toMatch(/Not registered yet: http:\/\/127\.0\.0\.1:1 cannot be reached/);
    const started = agent('start', '--config', config());
    await started.says('cannot be reached');
    started.child.kill('SIGTERM');
    expect((await started.exit()).code).toBe(0);
  });

  it('names the invalid argument of the command line', async () => {
    const wrongUser = await configure(host, '--linux-user', 'nobody-by-this-name');
    expect([wrongUser.code, wrongUser.output]).toEqual([2, expect.stringContaining('no user nobody-by-this-name')]);
    const wrongHost = await configure('term.example.org');
    expect([wrongHost.code, wrongHost.output]).toEqual([2, expect.stringContaining('must be a URL')]);
    expect((await agent('configure', '--config', config()).exit()).code).toBe(2);
    const wrongProxy = await configure(host, '--proxy', 'socks5://proxy:1080');
    expect([wrongProxy.code, wrongProxy.output]).toEqual([2, expect.stringContaining('must be http://host:port')]);
  });

  it('trusts the CAs of the system, and stores the file that NODE_EXTRA_CA_CERTS names', async () => {
    const authority = await createAuthority(Date.now());
    const names = { names: ['127.0.0.1'], usage: 'server' } as const;
    const pair = await issueCertificate(authority, names, Date.now());
    const https = createTlsServer({ cert: pair.certificate, key: pair.key }, answers).listen(0, '127.0.0.1');
    await once(https, 'listening');
    onTestFinished(() => void https.close());
    const address = https.address();
    const url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const file = path.join(directory, 'ca.pem');
    await writeFile(file, authority.certificate);
    const more = ['configure', '--token', 'vsay_ak_secret', '--host', url, '--config', config()];
    const reported = (output: string) => [output.includes('Registered as'), output];
    expect((await agent(...more).exit()).output).toContain('of no CA that this machine knows');
    const system = run(['env', `SSL_CERT_FILE=${file}`, process.execPath, main, ...more]);
    expect(reported((await system.exit()).output)).toEqual([true, expect.any(String)]);
    const extra = run(['env', `NODE_EXTRA_CA_CERTS=${file}`, process.execPath, main, ...more]);
    expect(reported((await extra.exit()).output)).toEqual([true, expect.any(String)]);
    // As in the service, without that environment.
    const started = agent('start', '--config', config());
    await started.says('"connected"');
  });
});

describe('vsay-agent start', () => {
  it('connects, reports it in its status, and exits with 0 on SIGTERM', async () => {
    await configure(host);
    // The program of a checkout replaces its process by Node, so no other process stays.
    const started = run([
      path.join(import.meta.dirname, '..', '..', 'bin', 'vsay-agent'),
      'start',
      '--config',
      config(),
    ]);
    await Promise.all([started.says('"connected"'), hub.linked()]);
    expect(started.output()).toContain(`"pid":${started.child.pid}`);
    expect(hub.hellos.at(-1)?.credential).toEqual({ $case: 'machineCredential', value: 'wxt_mc_test' });
    started.child.kill('SIGUSR1');
    const twin = await agent('start', '--config', config()).exit();
    expect([twin.code, twin.output]).toEqual([1, expect.stringContaining('runs already')]);
    started.child.kill('SIGTERM');
    const { code, output } = await started.exit();
    expect([code, output]).toEqual([0, expect.not.stringContaining('Debugger')]);
  });

  it('ends its commands itself at SIGTERM, so that its guard has nothing to end', async () => {
    await configure(host);
    const started = agent('start', '--config', config());
    await Promise.all([started.says('"connected"'), hub.linked()]);
    const runs = path.join(directory, 'runs');
    const line = `(trap '' TERM; echo >'${runs}'; exec sleep 600) & exec sleep 600`;
    const order = { commandId: 'c', userId: 'u1', command: line, kept: undefined, requestId: 'r' };
    hub.send({ $case: 'command', value: { ...order, timeoutMs: 600_000, maxOutputBytes: 0, linuxUser: '' } });
    await expect.poll(() => existsSync(runs), { timeout: 30_000, interval: 20 }).toBe(true);
    started.child.kill('SIGTERM');
    // Its guard has the same output, so this waits for the end of the guard too.
    const { code, output } = await started.exit();
    expect([code, output]).toEqual([0, expect.stringContaining('ending commands')]);
    expect(output).not.toMatch(/The agent (is gone|was killed)/);
  });

  /** An agent with a command that ignores SIGTERM, on a link that then breaks. */
  const withoutNetwork = async (mark: string) => {
    await configure(host);
    const started = agent('start', '--config', config());
    await Promise.all([started.says('"connected"'), hub.linked()]);
    const command = `(trap '' TERM; ${markedSleep(mark)}) & wait`;
    const order = { commandId: 'c', userId: 'u1', command, timeoutMs: 600_000, maxOutputBytes: 0, linuxUser: '' };
    hub.send({ $case: 'command', value: { ...order, kept: undefined, requestId: 'r' } });
    await expect.poll(() => markedSleeps(mark).length, { timeout: 30_000, interval: 20 }).toBe(1);
    hub.kill();
    return started;
  };

  it('keeps a command through an outage of the network, and ends it when the right of its user ended meanwhile', async () => {
    await withoutNetwork('3601');
    const linked = hub.nextLink();
    await hub.start();
    await linked;
    expect(markedSleeps('3601')).toHaveLength(1);
    const revoked = { sessionId: Buffer.alloc(0), ownerUserId: 'u1', cause: 'access_revoked' };
    hub.send({ $case: 'endSession', value: revoked });
    await expect.poll(() => markedSleeps('3601'), { timeout: 30_000, interval: 20 }).toEqual([]);
  });

  it('leaves no command running when it is killed during an outage of the network', async () => {
    const started = await withoutNetwork('3602');
    started.child.kill('SIGKILL');
    await expect.poll(() => markedSleeps('3602'), { timeout: 30_000, interval: 20 }).toEqual([]);
  });

  it('connects and reconnects while the disk is read-only, logs it once, and reports a correct status', async () => {
    await configure(host);
    const started = agentWithoutDisk('start', '--config', config());
    await Promise.all([started.says('"connected"'), hub.linked()]);
    hub.kill();
    await hub.start();
    await hub.linked();
    const status = await agent('status', '--config', config()).exit();
    expect([status.code, status.output]).toEqual([0, expect.stringMatching(/connected since[\s\S]*Disk: .*EFBIG/)]);
    const generations = hub.hellos.map(({ generation }) => generation);
    expect(generations).toEqual(generations.toSorted((a, b) => Number(a - b)));
    expect(new Set(generations).size).toBe(generations.length);
    expect(started.output().match(/going on without the disk/g)).toHaveLength(1);
    started.child.kill('SIGTERM');
    expect((await started.exit()).code).toBe(0);
  });

  it('dials above the generation that the hub holds if the stored generation is too old', async () => {
    await configure(host);
    const held = 40n;
    const displaced = { code: 'displaced', message: 'A newer dial.', permanent: false, retryAfterMs: 0 };
    const { answer } = hub;
    hub.answer = (hello) =>
      hello.generation > held ? answer(hello) : { $case: 'refused', value: { ...displaced, generationHeld: held } };
    const again = agent('start', '--config', config());
    await again.says('"connected"');
    expect(hub.hellos.at(-1)?.generation).toBe(41n);
  });

  it('does not take another process with its pid, or a killed agent, for a running agent', async () => {
    await configure(host);
    const killed = agent('start', '--config', config());
    await killed.says('"connected"');
    killed.child.kill('SIGKILL');
    await killed.exit();
    // As after a reboot: another agent process has the pid in the status file.
    const other = run([process.execPath, '-e', 'process.stdin.resume()', 'vsay-agent']);
    const reported = { pid: other.child.pid, state: 'connected', since: new Date().toISOString() };
    const file = config().replace('.yaml', '.status.json');
    await writeFile(file, JSON.stringify(reported));
    expect((await agent('status', '--config', config()).exit()).output).toContain('not running');
    const started = agent('start', '--config', config());
    await started.says('"connected"');
    started.child.kill('SIGTERM');
    await started.exit();
    await writeFile(file, JSON.stringify(reported));
    expect((await agent('uninstall', '--yes', '--config', config()).exit()).code).toBe(4);
  });

  it('exits with 2, which the service manager does not restart, if the key file is truncated', async () => {
    await configure(host);
    await writeFile(config().replace('.yaml', '.key'), '-----BEGIN PRIVATE KEY-----\nMC4C');
    const { code, output } = await agent('start', '--config', config()).exit();
    expect([code, output]).toEqual([2, expect.stringContaining('holds no whole Ed25519 key')]);
  });

  it.runIf(existsSync('/dev/full'))('continues if its log cannot be written', async () => {
    await configure(host);
    const start = [process.execPath, main, 'start', '--config', config()];
    const started = run(['sh', '-c', 'exec "$@" > /dev/full', 'sh', ...start]);
    await hub.linked();
    expect((await agent('status', '--config', config()).exit()).code).toBe(0);
    started.child.kill('SIGTERM');
    expect((await started.exit()).code).toBe(0);
  });

  it('continues after SIGHUP if it has no terminal, as after nohup', async () => {
    await configure(host);
    const started = agent('start', '--config', config());
    await Promise.all([started.says('"connected"'), hub.linked()]);
    const received = started.says('SIGHUP ignored');
    started.child.kill('SIGHUP');
    await received;
    started.child.kill('SIGTERM');
    expect((await started.exit()).code).toBe(0);
  });

  it('ends when its terminal hangs up, and continues under nohup', async () => {
    await configure(host);
    const plain = await startOnTerminal();
    plain.hangUp();
    await plain.ended;
    expect((await agent('status', '--config', config()).exit()).output).toContain('not running');
    // The kernel hangs up the shell and what it runs.
    const kept = await startOnTerminal('sh', '-c', '"$@"; true', 'sh', 'nohup');
    kept.hangUp();
    const log = path.join(directory, 'nohup.out');
    await expect.poll(() => readFile(log, 'utf8'), { timeout: 30_000 }).toContain('SIGHUP ignored');
    const status = async (): Promise<string> => (await agent('status', '--config', config()).exit()).output;
    expect(await status()).toContain('connected since');
    kept.stop();
    await expect.poll(status, { timeout: 30_000 }).toContain('not running');
  });

  it('exits once with 3 if the machine was removed', async () => {
    await configure(host);
    const value = { code: 'machine_revoked', message: 'This machine was removed.', permanent: true };
    hub.answer = () => ({ $case: 'refused', value: { ...value, retryAfterMs: 0, generationHeld: 0n } });
    const { code, output } = await agent('start', '--config', config()).exit();
    expect(code).toBe(3);
    expect(output).toContain('To enrol it anew');
  });
});

describe('vsay-agent uninstall', () => {
  const uninstall = () => agent('uninstall', '--yes', '--config', config()).exit();
  const refuse = (code: string, permanent: boolean) => {
    const value = { code, message: `It is ${code}.`, permanent, retryAfterMs: 0, generationHeld: 0n };
    hub.answer = () => ({ $case: 'refused', value });
  };

  it('asks for confirmation, and needs --yes without a terminal', async () => {
    await configure(host);
    const { code, output } = await agent('uninstall', '--config', config()).exit();
    expect([code, output]).toEqual([2, expect.stringContaining('--yes')]);
    expect(await readdir(path.dirname(config()))).toContain('agent.yaml');
  });

  it('stops the agent, notifies the server, and leaves no file', async () => {
    await configure(host);
    await writeFile(`${config()}.0b3c.tmp`, 'of a write that was killed');
    const running = agent('start', '--config', config());
    await running.says('"connected"');
    refuse('machine_revoked', true);
    const { code, output } = await uninstall();
    expect([code, output]).toEqual([0, expect.stringContaining('The machine is removed from the list.')]);
    expect(hub.hellos.at(-1)).toMatchObject({ leaving: true, credential: { value: 'wxt_mc_test' } });
    expect((await running.exit()).code).toBe(0);
    expect(existsSync(path.dirname(config()))).toBe(false);
  });

  it.each([
    ['runs an earlier version', () => undefined, 'earlier version'],
    ['says that a copy of this machine is connected', () => refuse('displaced', true), 'It is displaced.'],
    ['cannot be reached', () => hub.kill(), 'does not answer'],
  ])('leaves no file either where the server %s, and exits with 4', async (_what, change, said) => {
    await configure(host);
    change();
    const { code, output } = await uninstall();
    expect([code, output]).toEqual([4, expect.stringContaining(said)]);
    expect(output).toContain('Remove it there');
    expect(existsSync(path.dirname(config()))).toBe(false);
  });

  it('leaves the files of others in the folder of the configuration', async () => {
    await configure(host);
    await writeFile(path.join(path.dirname(config()), 'notes'), '');
    await uninstall();
    expect(await readdir(path.dirname(config()))).toEqual(['notes']);
  });
});

describe('vsay-agent logs', () => {
  it('reports the place of the log if no service manages it, and names invalid arguments', async () => {
    const none = await agent('logs', '--config', config()).exit();
    expect([none.code, none.output]).toEqual([1, expect.stringContaining('No service runs this agent here')]);
    expect((await agent('logs', '--config', config(), '-n', 'many').exit()).code).toBe(2);
  });
});
