import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { certificateName } from '@webxterm/contracts/grpc';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestHub } from '../../../clients/agent/src/integration/test-hub.ts';
import { type GatewayProcess, startGateway } from '../../../services/gateway/src/testing/gateway-process.ts';
import { createAuthority, fingerprint, issueCertificate } from '../pki/authority.ts';
import { freePort } from '../ports.ts';
import { projectFolder } from '../project-folder.ts';
import { type Bundle, bundleAgent } from './bundle.ts';
import { type Channel, type Manifest, parseManifest, renderManifest } from './manifest.ts';
import { publishInstaller } from './publish.ts';
import { keepReleaseKey } from './release-key.ts';
import { publishTestRelease, testPlatform } from './test-release.ts';

const user = userInfo().username;
const published = mkdtempSync(join(tmpdir(), 'install-published-'));
const key = keepReleaseKey(join(published, 'key', 'release-key.pem'));
const release = join(published, 'release');

let bundle: Bundle;
let hub: TestHub;
let gateway: GatewayProcess;
/** The folder that is the machine of the current test. */
let machine = '';
let pids: number[] = [];

const publish = (mark: string, changed: Record<string, string> = {}, channel: Channel = 'stable'): Promise<Manifest> =>
  publishTestRelease({ bundle, folder: release, key, mark, changed, channel });

const archive = (): string => join(release, manifest().files[0]?.path ?? '');
const manifest = (): Manifest => parseManifest(readFileSync(join(release, 'manifest.json'), 'utf8'));

/** Publishes a changed manifest, signed with `by`. */
const forge = (change: Partial<Manifest>, by = key): void => {
  const text = renderManifest({ ...manifest(), ...change });
  writeFileSync(join(release, 'manifest.json'), text);
  writeFileSync(join(release, 'manifest.json.sig'), sign(null, Buffer.from(text), by));
};

beforeAll(async () => {
  bundle = await bundleAgent(projectFolder);
  hub = await new TestHub().start();
  gateway = await startGateway({ AGENT_DIR: release, GRPC_ADDRESSES: hub.address });
  publishInstaller(release, readFileSync(join(import.meta.dirname, 'install.sh'), 'utf8'), gateway.origin, key);
});

afterAll(async () => {
  await gateway?.stop();
  hub?.kill();
  rmSync(published, { recursive: true });
});

beforeEach(async () => {
  machine = mkdtempSync(join(tmpdir(), 'install-machine-'));
  mkdirSync(join(machine, 'tools'));
  const { answer } = new TestHub();
  hub.answer = answer;
  hub.messages.length = 0;
  await publish('first');
});

afterEach(() => {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  pids = [];
  rmSync(machine, { recursive: true });
});

const prefix = (): string => join(machine, 'opt');
const config = (): string => join(machine, 'etc', 'agent.yaml');
const script = (): string => readFileSync(join(release, 'install.sh'), 'utf8');

const start = (text: string, args: readonly string[], environment: Record<string, string> = {}): ChildProcess => {
  // In a session without a terminal, so that no prompt is possible.
  const child = spawn('/bin/sh', ['-s', '--', ...args], {
    detached: true,
    env: {
      PATH: `${join(machine, 'tools')}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
      HOME: machine,
      ...environment,
    },
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(text);
  return child;
};

const outcome = async (child: ChildProcess): Promise<{ code: unknown; said: string }> => {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  const [code] = await once(child, 'close');
  const status = join(machine, 'etc', 'agent.status.json');
  if (existsSync(status)) {
    const { pid, state }: { pid: number; state: string } = JSON.parse(readFileSync(status, 'utf8'));
    if (state !== 'stopped' && existsSync(`/proc/${pid}`)) pids = [pid];
  }
  return { code, said };
};

const places = (): string[] => ['--prefix', prefix(), '--config', config(), '--linux-user', user];
const install = (...more: string[]) => outcome(start(script(), ['--token', 'wxt_rt_test', ...places(), ...more]));

/** Adds a program that precedes the system's program of the same name in PATH. */
const tool = (name: string, text: string): void => {
  writeFileSync(join(machine, 'tools', name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(machine, 'tools', name), 0o755);
};

const versions = (): string[] => (existsSync(prefix()) ? readdirSync(join(prefix(), 'versions')) : []);
const refused = (said: string) => ({ code: 1, said: expect.stringContaining(said) });
const nothingIsThere = (): void => expect([existsSync(prefix()), existsSync(config())]).toEqual([false, false]);

describe.runIf(testPlatform !== undefined)('install.sh', () => {
  it('brings a machine online, and does not change a running agent when it is run again', async () => {
    // Only root can open shells of several users.
    const isRoot = process.getuid?.() === 0;
    const first = await install(...(isRoot ? ['--linux-user', 'daemon', '--linux-user', '*'] : []));
    expect(first).toEqual({
      code: 0,
      said: expect.stringMatching(/Online after \d+ s. Its terminal: http.*\/terminal\/ag_test/),
    });
    expect(hub.hellos.at(-1)?.facts?.agentVersion).toBe(manifest().version);
    expect(hub.hellos[0]?.credential).toEqual({ $case: 'registrationToken', value: 'wxt_rt_test' });
    const { linuxUsers = [] } = hub.hellos.at(-1)?.facts ?? {};
    expect([linuxUsers.slice(0, 2), linuxUsers.at(-1)]).toEqual(isRoot ? [[user, 'daemon'], '*'] : [[user], user]);
    expect(versions()).toEqual([manifest().version]);
    const [pid] = pids;
    const again = await install();
    expect([again.code, pids]).toEqual([0, [pid]]);
    expect(again.said).toContain('It is configured already.');
  });

  it('is uninstalled by its own command, which leaves nothing and stops the agent', async () => {
    await install();
    const { answer } = hub;
    const value = { code: 'machine_revoked', message: '', permanent: true, retryAfterMs: 0, generationHeld: 0n };
    hub.answer = (hello) => (hello.leaving ? { $case: 'refused', value } : answer(hello));
    const vsayAgent = join(prefix(), 'bin', 'vsay-agent');
    const command = spawn(vsayAgent, ['uninstall', '--yes', '--config', config()], { env: { HOME: machine } });
    expect(await outcome(command)).toEqual({
      code: 0,
      said: expect.stringContaining('The machine is removed from the list.'),
    });
    expect(readdirSync(machine)).toEqual(['tools']);
    // A process that has ended and was not reaped yet has no command line.
    const runs = (pid: number): boolean =>
      existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
    expect(pids.filter(runs)).toEqual([]);
    pids = [];
  });

  it('upgrades without a token, and keeps only the previous version', async () => {
    await install();
    const [before] = pids;
    const old = manifest().version;
    await publish('second');
    const upgraded = await outcome(start(script(), places()));
    expect(upgraded).toEqual({ code: 0, said: expect.stringContaining('Online after') });
    expect(pids).not.toEqual([before]);
    expect(hub.hellos.at(-1)?.facts?.agentVersion).toBe(manifest().version);
    expect(versions().sort()).toEqual([old, manifest().version].sort());
    await publish('third');
    await outcome(start(script(), places()));
    expect(versions()).not.toContain(old);
  });

  it('takes the token from a file or from the environment', async () => {
    writeFileSync(join(machine, 'token'), 'wxt_rt_of_a_file\n');
    expect((await outcome(start(script(), [...places(), '--token-file', join(machine, 'token')]))).code).toBe(0);
    expect(hub.hellos.findLast(({ registerOnly }) => registerOnly)?.credential).toMatchObject({
      value: 'wxt_rt_of_a_file',
    });
    expect((await outcome(start(script(), places(), { VSAY_TOKEN: 'wxt_rt_of_the_environment' }))).code).toBe(0);
    expect(hub.hellos.findLast(({ registerOnly }) => registerOnly)?.credential).toMatchObject({
      value: 'wxt_rt_of_the_environment',
    });
  });

  it('does nothing if it is truncated at any place', async () => {
    const whole = script();
    const cuts = Array.from({ length: 40 }, (_, index) => Math.floor((whole.length * index) / 40));
    for (const at of [...cuts, whole.lastIndexOf('vsay_install'), whole.length - 6])
      await outcome(start(whole.slice(0, at), ['--token', 'wxt_rt_test', ...places()]));
    nothingIsThere();
  });

  it.each([
    ['was cut', (content: Buffer) => content.subarray(0, -1000)],
    ['has one other byte', (content: Buffer) => Buffer.concat([content.subarray(0, -1), Buffer.from([1])])],
  ])('refuses a package that %s, and leaves no file', async (_what, change) => {
    const file = archive();
    const content = readFileSync(file);
    rmSync(file);
    writeFileSync(file, change(content));
    try {
      expect(await install()).toEqual(refused('the package is not what was signed'));
      nothingIsThere();
    } finally {
      rmSync(file);
      await publish(`after ${change}`);
    }
  });

  it.each(['by OpenSSL', 'by the Node of the package'])('refuses a release of another key, checked %s', async (by) => {
    if (by !== 'by OpenSSL') tool('openssl', 'exit 1');
    forge({ sequence: 100 }, generateKeyPairSync('ed25519').privateKey);
    expect((await install()).said).toMatch(
      /the signature of the release is wrong|signature of the release is not of the key/,
    );
    nothingIsThere();
    rmSync(join(release, 'manifest.json'));
  });

  it('refuses a release that has expired, and one from the future of its clock', async () => {
    forge({ expires: '2020-01-01T00:00:00Z', released: '2019-01-01T00:00:00Z' });
    expect(await install()).toEqual(refused('the release has expired on 2020-01-01'));
    forge({ released: '2100-01-01T00:00:00Z', expires: '2101-01-01T00:00:00Z' });
    expect(await install()).toEqual(refused('the clock of this machine is wrong'));
    nothingIsThere();
    rmSync(join(release, 'manifest.json'));
  });

  it('refuses an older release and another key than that of the running agent, which continues', async () => {
    await install();
    const [pid] = pids;
    const held = versions();
    writeFileSync(join(prefix(), 'sequence'), '1000\n');
    expect(await install()).toEqual(refused('the release is older than the one that is here'));
    writeFileSync(join(prefix(), 'sequence'), '1\n');
    writeFileSync(join(prefix(), 'release-key.pem'), 'another\n');
    expect(await install()).toEqual(refused('signed with another key than the agent that is here'));
    expect([versions(), pids]).toEqual([held, [pid]]);
  });

  it('detects a network that answers in place of the server, and reports each step and the failure with its token', async () => {
    const reports: unknown[] = [];
    const portal = createServer(async (request, response) => {
      if (request.method === 'POST') reports.push([request.url, await json(request)]);
      response.end('<html>Sign in</html>');
    });
    await new Promise<void>((listening) => portal.listen(0, '127.0.0.1', listening));
    const address = portal.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    expect(await install('--host', url)).toEqual(refused('captive portal'));
    const report = (step: string, problem: object | null = null) => [
      '/api/machines/install-progress',
      { token: 'wxt_rt_test', step, problem },
    ];
    const problem = {
      what: `what answers is not ${url}`,
      why: expect.stringContaining('captive portal'),
      remedy: expect.stringContaining('Sign in to the network'),
    };
    expect(reports).toEqual([report('checking'), report('downloading'), report('downloading', problem)]);
    for (const token of ['vsay_ak_test', 'wxt_rt_"quoted'])
      await outcome(start(script(), ['--token', token, ...places(), '--host', url]));
    expect(reports).toHaveLength(3);
    portal.close();
    expect(await install('--host', url)).toEqual(refused('cannot be reached'));
    expect(await install('--host', 'http://192.0.2.1')).toEqual(refused('is plain http'));
    nothingIsThere();
  });

  it.each([
    [
      'a 32-bit processor',
      'uname',
      'if [ "$1" = -m ]; then echo i686; else echo Linux; fi',
      'there is no package for i686',
    ],
    [
      '32-bit programs',
      'getconf',
      'if [ "$1" = LONG_BIT ]; then echo 32; else echo glibc 2.36; fi',
      'this is a 32-bit system',
    ],
    [
      'an old glibc',
      'getconf',
      'if [ "$1" = LONG_BIT ]; then echo 64; else echo glibc 2.17; fi',
      'glibc 2.17 is too old',
    ],
    ['musl', 'getconf', 'if [ "$1" = LONG_BIT ]; then echo 64; else echo musl libc 1.2; fi', 'this system has musl'],
    ['another system', 'uname', 'echo Darwin', 'there is no package for Darwin'],
    ['a disk that is nearly full', 'df', 'printf "x\\n/dev/x 1 1 1000 99%% /\\n"', 'there is too little space'],
  ])('explains the remedy on a machine with %s', async (_what, name, text, said) => {
    tool(name, text);
    const { code, said: all } = await install();
    expect([code, all]).toEqual([1, expect.stringContaining(said)]);
    expect(all).toMatch(/What to do: \S+/);
    nothingIsThere();
  });

  it('refuses a clock of 1970, which is before the release', async () => {
    tool('date', 'case $* in *+*) echo 19700101000100 ;; *) echo Thu Jan  1 00:01:00 UTC 1970 ;; esac');
    expect(await install()).toEqual(refused('it says Thu Jan 1 00:01:00 UTC 1970, which is before the release'));
    nothingIsThere();
  });

  it('refuses a folder from which no program runs, as with noexec', async () => {
    tool('chmod', 'case $* in *.work*/program) ;; *) exec /bin/chmod "$@" ;; esac');
    expect(await install()).toEqual(refused('its file system is mounted noexec'));
    nothingIsThere();
  });

  it('installs by a proxy, with its password, and reports a password that is missing', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      const who = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
      if (request.headers['proxy-authorization'] !== who) return void response.writeHead(407).end();
      const { method, headers } = request;
      const onwards = forward(request.url ?? '', { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onwards);
    });
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
    const address = proxy.address();
    const at = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    expect(await install('--proxy', `http://${at}`)).toEqual(refused('the proxy requires a password'));
    nothingIsThere();
    expect((await install('--proxy', `http://ann:p%40ss@${at}`)).code).toBe(0);
    expect(asked).toContain(`${gateway.origin}/agent/${manifest().files[0]?.path}`);
    proxy.close();
  });

  it('installs from an IP address with a private CA of the given fingerprint, and from none with another', async () => {
    const [authority, other] = [await createAuthority(Date.now()), await createAuthority(Date.now())];
    const issue = (names: string[]) => issueCertificate(authority, { names, usage: 'server' }, Date.now());
    const certificates = mkdtempSync(join(tmpdir(), 'install-tls-'));
    const { certificate, key: privateKey } = await issue(['127.0.0.1']);
    writeFileSync(join(certificates, 'tls.crt'), certificate);
    writeFileSync(join(certificates, 'tls.key'), privateKey, { mode: 0o600 });
    const secureHub = await new TestHub().start(await issue([certificateName.hubForAgents]));
    const port = await freePort();
    const host = `https://127.0.0.1:${port}`;
    const secure = await startGateway({
      ...{ HTTP_PORT: String(port), PUBLIC_URL: host, TLS_DIR: certificates, AGENT_DIR: release },
      ...{ GRPC_ADDRESSES: secureHub.address, GRPC_TLS: 'on', GRPC_CA: authority.certificate },
    });
    try {
      expect(await install('--host', host)).toEqual(refused('With a private CA: --ca-fingerprint'));
      const wrong = await install('--host', host, '--ca-fingerprint', fingerprint(other.certificate));
      expect(wrong).toEqual(refused('has another private CA than this command names'));
      nothingIsThere();
      const right = await install('--host', host, '--ca-fingerprint', fingerprint(authority.certificate));
      expect(right).toMatchObject({ code: 0, said: expect.stringContaining(`${host}/terminal/`) });
      expect(secureHub.hellos.at(-1)?.facts?.agentVersion).toBe(manifest().version);
    } finally {
      secureHub.kill();
      await secure.stop();
      rmSync(certificates, { recursive: true });
    }
  });

  it('reports an unknown user, and folders that cannot be written', async () => {
    expect(await install('--linux-user', 'nobody-of-that-name')).toEqual(
      refused('there is no user nobody-of-that-name'),
    );
    writeFileSync(join(machine, 'file'), '');
    expect(await install('--prefix', join(machine, 'file', 'opt'))).toEqual(refused('cannot be made'));
    nothingIsThere();
  });

  it('asks for confirmation before it replaces another agent, and leaves it without a terminal', async () => {
    mkdirSync(join(prefix(), 'bin'), { recursive: true });
    symlinkSync('/srv/webxterm/clients/agent/bin/vsay-agent', join(prefix(), 'bin', 'vsay-agent'));
    expect(await install()).toEqual(refused('Run this again with --replace'));
    expect(readdirSync(prefix())).toEqual(['bin']);
    mkdirSync(join(machine, 'etc'));
    writeFileSync(config(), 'host: https://elsewhere.example\n');
    expect(await install()).toEqual(refused('belongs to https://elsewhere.example'));
    rmSync(config());
    expect((await install('--replace')).code).toBe(0);
  });

  it('removes the package again if the server refuses the token, and keeps an earlier agent', async () => {
    const value = { code: 'bad_registration_token', message: 'This registration token was used.', permanent: true };
    const { answer } = hub;
    const refuse = (): void => {
      hub.answer = () => ({ $case: 'refused', value: { ...value, retryAfterMs: 0, generationHeld: 0n } });
    };
    refuse();
    const none = await install();
    expect(none).toEqual(refused('the agent could not be configured'));
    expect(none.said).toContain('This registration token was used.');
    expect([versions(), existsSync(join(prefix(), 'current'))]).toEqual([[], false]);
    hub.answer = answer;
    expect((await install()).code).toBe(0);
    const [pid] = pids;
    const held = versions();
    await publish('with a used token');
    refuse();
    const kept = await outcome(start(script(), ['--token', 'wxt_rt_other', ...places()]));
    expect(kept).toEqual(refused('The agent that was here goes on as it was.'));
    expect([versions(), pids]).toEqual([held, [pid]]);
  });

  it('completes after it was killed half-way', async () => {
    for (const moment of ['==> Downloading', '==> Installing', '==> Configuring']) {
      const child = start(script(), ['--token', 'wxt_rt_test', ...places()]);
      const closed = once(child, 'close');
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes(moment) && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      });
      await closed;
      expect(child.signalCode).toBe('SIGKILL');
    }
    expect((await install()).code).toBe(0);
    expect(versions()).toEqual([manifest().version]);
  });
});

describe.runIf(testPlatform !== undefined)('vsay-agent update', () => {
  const vsayAgent = (...args: string[]) =>
    outcome(
      spawn(join(prefix(), 'bin', 'vsay-agent'), [...args, '--config', config()], {
        env: { HOME: machine, PATH: '/usr/bin:/bin' },
      }),
    );
  /** The program with an expression that it evaluates first when it is started as the agent. */
  const atStart = (expression: string): string => {
    const [first, ...lines] = (bundle.files.get('agent.js') ?? '').split('\n');
    return [first, `if (process.argv[2] === 'start') ${expression};`, ...lines].join('\n');
  };
  /** From now on the hub refuses agents of this version. */
  const refuseForGood = (version: string): void => {
    const { answer } = hub;
    const refused = {
      code: 'protocol_unsupported',
      message: 'No.',
      permanent: true,
      retryAfterMs: 0,
      generationHeld: 0n,
    };
    hub.answer = (hello) =>
      hello.facts?.agentVersion === version ? { $case: 'refused', value: refused } : answer(hello);
  };
  const linked = (): string | undefined => hub.hellos.at(-1)?.facts?.agentVersion;
  const current = (): string => readlinkSync(join(prefix(), 'current')).replace('versions/', '');
  const downloaded = (): string => join(prefix(), 'versions', `.download.${manifest().files[0]?.sha256}`);
  const reached = (version: string): Promise<void> => vi.waitFor(() => expect(linked()).toBe(version), 90_000);

  it('changes the running agent to the version of the server, in the same process', async () => {
    await install();
    const [pid] = pids;
    const old = manifest().version;
    await publish('newer');
    // As an interrupted update leaves it: the download continues.
    const { version, files } = manifest();
    const { list_offset: at = 0, list_length: length = 0 } = files[0] ?? {};
    writeFileSync(`${downloaded()}.${at}-${length}`, readFileSync(archive()).subarray(at, at + 100));
    expect(await vsayAgent('update')).toEqual({
      code: 0,
      said: `Version ${version} is installed. The agent changes to it when it is connected and no command runs. Open terminals stay open.\n`,
    });
    await reached(version);
    const { said } = await vsayAgent('status');
    expect(said).toContain(`Version:  ${version}`);
    expect(said).toContain('on trial');
    expect([said.includes(`(process ${pid})`), pids]).toEqual([true, [pid]]);
    expect(versions().sort()).toEqual([old, version].sort());
    expect(await vsayAgent('update')).toEqual({
      code: 0,
      said: `Version ${version} is the newest that the server has.\n`,
    });
    // A hub of an older version, without the capability, is sent no report.
    expect(hub.messages.map(({ $case }) => $case)).not.toContain('updateReport');
  });

  it('completes after it was killed half-way, and until then the agent runs on', async () => {
    await install();
    const [pid] = pids;
    const old = manifest().version;
    const { version } = await publish('killed half-way');
    // A download that has begun, and a version that is being put together.
    for (const part of ['.download.', '.update.']) {
      const update = spawn(join(prefix(), 'bin', 'vsay-agent'), ['update', '--config', config()], {
        env: { HOME: machine, PATH: '/usr/bin:/bin' },
        stdio: 'ignore',
      });
      const closed = once(update, 'close');
      const watcher = watch(join(prefix(), 'versions'), (_event, name) => {
        if (name?.startsWith(part)) update.kill('SIGKILL');
      });
      await closed;
      watcher.close();
      expect([part, update.signalCode, current(), linked()]).toEqual([part, 'SIGKILL', old, old]);
    }
    expect((await vsayAgent('update')).code).toBe(0);
    await reached(version);
    expect([pids, versions().sort()]).toEqual([[pid], [old, version].sort()]);
  });

  it('returns to the previous version if the hub refuses the new one, and does not try it again', async () => {
    await install();
    const [pid] = pids;
    const old = manifest().version;
    const { version } = await publish('refused');
    refuseForGood(version);
    await vsayAgent('update');
    await vi.waitFor(() => expect(hub.hellos.map(({ facts }) => facts?.agentVersion)).toContain(version), 90_000);
    await reached(old);
    expect(current()).toBe(old);
    const status = await vsayAgent('status');
    expect(status.said).toMatch(new RegExp(`Failed:.*${version.replace('+', '\\+')}: .*No\\.`));
    expect(pids).toEqual([pid]);
    const again = await vsayAgent('update');
    expect([again.code, again.said]).toEqual([1, expect.stringContaining('did not work on this machine')]);
  });

  it('is not needed if the hub orders the update: the agent installs it, and reports steps and failures to the hub', async () => {
    const { answer } = hub;
    hub.answer = (hello) => {
      const said = answer(hello);
      if (said.$case !== 'welcome') return said;
      return { $case: 'welcome', value: { ...said.value, capabilities: hello.capabilities } };
    };
    const reports = () => hub.messages.flatMap((message) => (message.$case === 'updateReport' ? [message.value] : []));
    const reported = (version: string, state: string, reason = ''): Promise<void> =>
      vi.waitFor(
        () =>
          expect(reports()).toContainEqual({
            version,
            state,
            reason: reason === '' ? '' : expect.stringContaining(reason),
          }),
        90_000,
      );
    const order = (version: string, channel = 'stable'): void =>
      hub.send({ $case: 'updateOrder', value: { version, channel, maxBytesPerSecond: 10_000_000n } });
    await install();
    const [pid] = pids;
    const old = manifest().version;
    expect(hub.hellos.at(-1)).toMatchObject({
      capabilities: expect.arrayContaining(['update']),
      update: { onTrial: false, failedVersion: '' },
    });
    order('9.9.9');
    await reported('9.9.9', 'postponed', `The server has version ${old} in the channel stable now, not 9.9.9`);
    order(old, 'preview');
    await reported(old, 'confirmed');
    const { version } = await publish('ordered');
    order(version);
    await reported(version, 'downloading');
    await reported(version, 'installed');
    await reached(version);
    expect(hub.hellos.at(-1)?.update).toMatchObject({ onTrial: true, failedVersion: '' });
    // As after a minute of connection.
    rmSync(join(prefix(), 'trial.json'));
    await reported(version, 'confirmed');
    const bad = (await publish('refused by the hub')).version;
    refuseForGood(bad);
    order(bad);
    await vi.waitFor(
      () =>
        expect(hub.hellos.at(-1)?.update).toMatchObject({
          failedVersion: bad,
          failedReason: expect.stringContaining('No.'),
        }),
      90_000,
    );
    expect(linked()).toBe(version);
    order(bad);
    await reported(bad, 'failed', 'No.');
    const broken = (await publish('does not start', { 'agent.js': 'process.exit(7)' })).version;
    order(broken);
    await reported(broken, 'failed', 'does not start on this machine');
    const preview = await publish('of the preview channel', {}, 'preview');
    order(preview.version, 'preview');
    await reached(preview.version);
    expect(pids).toEqual([pid]);
  });

  it('returns to the previous version if the new one ends at its start, in the same process', async () => {
    await install();
    const [pid] = pids;
    const old = manifest().version;
    // It loads and checks itself, and fails once it knows that it is on trial.
    const { version } = await publish('ends at its start', {
      'agent.js': atStart("setInterval(() => process.listenerCount('exit') > 0 && process.exit(2), 1)"),
    });
    await vsayAgent('update');
    await vi.waitFor(
      async () => expect((await vsayAgent('status')).said).toContain(`Failed:   ${version}: it ended with the code 2`),
      90_000,
    );
    expect([current(), pids]).toEqual([old, [pid]]);
  });

  it('returns to the previous version if the new one cannot count its starts', async () => {
    await install();
    const old = manifest().version;
    const [pid] = pids;
    const { version } = await publish('ends at once', { 'agent.js': atStart("process.kill(process.pid, 'SIGKILL')") });
    await vsayAgent('update');
    await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 90_000);
    pids = [];
    // As a supervisor starts it again and again.
    for (let start = 1; start <= 3; start += 1) {
      await vsayAgent('start', '--allow-writable-program');
      expect(current()).toBe(version);
    }
    const again = spawn(
      join(prefix(), 'bin', 'vsay-agent'),
      ['start', '--allow-writable-program', '--config', config()],
      {
        env: { HOME: machine, PATH: '/usr/bin:/bin' },
        stdio: 'ignore',
      },
    );
    if (again.pid !== undefined) pids = [again.pid];
    await vi.waitFor(() => expect(current()).toBe(old), 90_000);
    await vi.waitFor(
      async () => expect((await vsayAgent('status')).said).toContain(`Failed:   ${version}: it was started 4 times`),
      90_000,
    );
  });

  it('refuses what install.sh refuses, and keeps the current version', async () => {
    await install();
    const held = current();
    await publish('later');
    const refuses = async (said: string) => {
      expect(await vsayAgent('update')).toEqual({ code: 1, said: expect.stringContaining(said) });
      expect([current(), existsSync(downloaded())]).toEqual([held, false]);
    };
    forge({}, generateKeyPairSync('ed25519').privateKey);
    await refuses('not of the key that this installation has');
    forge({ expires: '2020-01-01T00:00:00Z' });
    await refuses('has expired');
    forge({ expires: '2100-01-01T00:00:00Z', minimum: '9.0.0' });
    await refuses('run the install command again');
    forge({ minimum: '0.1.0', files: [] });
    await refuses('no package for');
    forge({ sequence: 1 });
    writeFileSync(join(prefix(), 'sequence'), '1000\n');
    await refuses('is older than the installed one');
    writeFileSync(join(prefix(), 'sequence'), '1\n');
    rmSync(join(release, 'manifest.json'));
    await publish('with another byte');
    const file = archive();
    const content = readFileSync(file);
    rmSync(file);
    // In files.json. Files that the machine has already are not fetched.
    content.fill(1, (manifest().files[0]?.list_offset ?? 0) + 20, (manifest().files[0]?.list_offset ?? 0) + 21);
    writeFileSync(file, content);
    await refuses('not what was signed');
    rmSync(file);
    await publish('that does not start', { 'agent.js': 'process.exit(7)' });
    await refuses('does not start on this machine');
    expect(versions().filter((name) => name !== held && !name.startsWith('.'))).toEqual([]);
  });
});
