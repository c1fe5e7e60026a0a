import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { certificateName } from '@webxterm/contracts/grpc';
import { describe, expect, it } from 'vitest';
import { TestHub } from '../../../clients/agent/src/integration/test-hub.ts';
import { startGateway } from '../../../services/gateway/src/testing/gateway-process.ts';
import { createAuthority, fingerprint, issueCertificate } from '../pki/authority.ts';
import { freePort } from '../ports.ts';
import { testPlatform } from './test-release.ts';
import { TestInstall } from './testing/test-install.ts';

const world = TestInstall.forTests();

/** Adds a program that precedes the system's program of the same name in PATH. */
const tool = (name: string, text: string): void => {
  writeFileSync(join(world.machine, 'tools', name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(world.machine, 'tools', name), 0o755);
};

const refused = (said: string) => ({ code: 1, said: expect.stringContaining(said) });
const nothingIsThere = (): void => expect([existsSync(world.prefix), existsSync(world.config)]).toEqual([false, false]);

describe.runIf(testPlatform !== undefined)('install.sh', () => {
  it('brings a machine online, and does not change a running agent when it is run again', async () => {
    // Only root can open shells of several users.
    const isRoot = process.getuid?.() === 0;
    const first = await world.install(...(isRoot ? ['--linux-user', 'daemon', '--linux-user', '*'] : []));
    expect(first).toEqual({
      code: 0,
      said: expect.stringMatching(/Online after \d+ s. Its terminal: http.*\/terminal\/ag_test/),
    });
    expect(world.hub.hellos.at(-1)?.facts?.agentVersion).toBe(world.manifest.version);
    expect(world.hub.hellos[0]?.credential).toEqual({ $case: 'registrationToken', value: 'wxt_rt_test' });
    const { linuxUsers = [] } = world.hub.hellos.at(-1)?.facts ?? {};
    expect([linuxUsers.slice(0, 2), linuxUsers.at(-1)]).toEqual(
      isRoot ? [[world.user, 'daemon'], '*'] : [[world.user], world.user],
    );
    expect(world.versions).toEqual([world.manifest.version]);
    const [pid] = world.pids;
    const again = await world.install();
    expect([again.code, world.pids]).toEqual([0, [pid]]);
    expect(again.said).toContain('It is configured already.');
  });

  it('is uninstalled by its own command, which leaves nothing and stops the agent', async () => {
    await world.install();
    const { answer } = world.hub;
    const value = { code: 'machine_revoked', message: '', permanent: true, retryAfterMs: 0, generationHeld: 0n };
    world.hub.answer = (hello) => (hello.leaving ? { $case: 'refused', value } : answer(hello));
    const vsayAgent = join(world.prefix, 'bin', 'vsay-agent');
    const command = spawn(vsayAgent, ['uninstall', '--yes', '--config', world.config], {
      env: { HOME: world.machine },
    });
    expect(await world.outcome(command)).toEqual({
      code: 0,
      said: expect.stringContaining('The machine is removed from the list.'),
    });
    expect(readdirSync(world.machine)).toEqual(['tools']);
    // A process that has ended and was not reaped yet has no command line.
    const runs = (pid: number): boolean =>
      existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
    expect(world.pids.filter(runs)).toEqual([]);
    world.pids = [];
  });

  it('upgrades without a token, and keeps only the previous version', async () => {
    await world.install();
    const [before] = world.pids;
    const old = world.manifest.version;
    await world.publish('second');
    const upgraded = await world.outcome(world.start(world.script, world.places));
    expect(upgraded).toEqual({ code: 0, said: expect.stringContaining('Online after') });
    expect(world.pids).not.toEqual([before]);
    expect(world.hub.hellos.at(-1)?.facts?.agentVersion).toBe(world.manifest.version);
    expect(world.versions.sort()).toEqual([old, world.manifest.version].sort());
    await world.publish('third');
    await world.outcome(world.start(world.script, world.places));
    expect(world.versions).not.toContain(old);
  });

  it('takes the token from a file or from the environment', async () => {
    writeFileSync(join(world.machine, 'token'), 'wxt_rt_of_a_file\n');
    expect(
      (await world.outcome(world.start(world.script, [...world.places, '--token-file', join(world.machine, 'token')])))
        .code,
    ).toBe(0);
    expect(world.hub.hellos.findLast(({ registerOnly }) => registerOnly)?.credential).toMatchObject({
      value: 'wxt_rt_of_a_file',
    });
    expect(
      (await world.outcome(world.start(world.script, world.places, { VSAY_TOKEN: 'wxt_rt_of_the_environment' }))).code,
    ).toBe(0);
    expect(world.hub.hellos.findLast(({ registerOnly }) => registerOnly)?.credential).toMatchObject({
      value: 'wxt_rt_of_the_environment',
    });
  });

  it('does nothing if it is truncated at any place', async () => {
    const whole = world.script;
    const cuts = Array.from({ length: 40 }, (_, index) => Math.floor((whole.length * index) / 40));
    for (const at of [...cuts, whole.lastIndexOf('vsay_install'), whole.length - 6])
      await world.outcome(world.start(whole.slice(0, at), ['--token', 'wxt_rt_test', ...world.places]));
    nothingIsThere();
  });

  it.each([
    ['was cut', (content: Buffer) => content.subarray(0, -1000)],
    ['has one other byte', (content: Buffer) => Buffer.concat([content.subarray(0, -1), Buffer.from([1])])],
  ])('refuses a package that %s, and leaves no file', async (_what, change) => {
    const file = world.archive;
    const content = readFileSync(file);
    rmSync(file);
    writeFileSync(file, change(content));
    try {
      expect(await world.install()).toEqual(refused('the package is not what was signed'));
      nothingIsThere();
    } finally {
      rmSync(file);
      await world.publish(`after ${change}`);
    }
  });

  it.each(['by OpenSSL', 'by the Node of the package'])('refuses a release of another key, checked %s', async (by) => {
    if (by !== 'by OpenSSL') tool('openssl', 'exit 1');
    world.forge({ sequence: 100 }, generateKeyPairSync('ed25519').privateKey);
    expect((await world.install()).said).toMatch(
      /the signature of the release is wrong|signature of the release is not of the key/,
    );
    nothingIsThere();
    rmSync(join(world.release, 'manifest.json'));
  });

  it('refuses a release that has expired, and one from the future of its clock', async () => {
    world.forge({ expires: '2020-01-01T00:00:00Z', released: '2019-01-01T00:00:00Z' });
    expect(await world.install()).toEqual(refused('the release has expired on 2020-01-01'));
    world.forge({ released: '2100-01-01T00:00:00Z', expires: '2101-01-01T00:00:00Z' });
    expect(await world.install()).toEqual(refused('the clock of this machine is wrong'));
    nothingIsThere();
    rmSync(join(world.release, 'manifest.json'));
  });

  it('refuses an older release and another key than that of the running agent, which continues', async () => {
    await world.install();
    const [pid] = world.pids;
    const held = world.versions;
    writeFileSync(join(world.prefix, 'sequence'), '1000\n');
    expect(await world.install()).toEqual(refused('the release is older than the one that is here'));
    writeFileSync(join(world.prefix, 'sequence'), '1\n');
    writeFileSync(join(world.prefix, 'release-key.pem'), 'another\n');
    expect(await world.install()).toEqual(refused('signed with another key than the agent that is here'));
    expect([world.versions, world.pids]).toEqual([held, [pid]]);
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
    expect(await world.install('--host', url)).toEqual(refused('captive portal'));
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
      await world.outcome(world.start(world.script, ['--token', token, ...world.places, '--host', url]));
    expect(reports).toHaveLength(3);
    portal.close();
    expect(await world.install('--host', url)).toEqual(refused('cannot be reached'));
    expect(await world.install('--host', 'http://192.0.2.1')).toEqual(refused('is plain http'));
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
    const { code, said: all } = await world.install();
    expect([code, all]).toEqual([1, expect.stringContaining(said)]);
    expect(all).toMatch(/What to do: \S+/);
    nothingIsThere();
  });

  it('refuses a clock of 1970, which is before the release', async () => {
    tool('date', 'case $* in *+*) echo 19700101000100 ;; *) echo Thu Jan  1 00:01:00 UTC 1970 ;; esac');
    expect(await world.install()).toEqual(refused('it says Thu Jan 1 00:01:00 UTC 1970, which is before the release'));
    nothingIsThere();
  });

  it('refuses a folder from which no program runs, as with noexec', async () => {
    tool('chmod', 'case $* in *.work*/program) ;; *) exec /bin/chmod "$@" ;; esac');
    expect(await world.install()).toEqual(refused('its file system is mounted noexec'));
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
    expect(await world.install('--proxy', `http://${at}`)).toEqual(refused('the proxy requires a password'));
    nothingIsThere();
    expect((await world.install('--proxy', `http://ann:p%40ss@${at}`)).code).toBe(0);
    expect(asked).toContain(`${world.gateway.origin}/agent/${world.manifest.files[0]?.path}`);
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
      ...{ HTTP_PORT: String(port), PUBLIC_URL: host, TLS_DIR: certificates, AGENT_DIR: world.release },
      ...{ GRPC_ADDRESSES: secureHub.address, GRPC_TLS: 'on', GRPC_CA: authority.certificate },
    });
    try {
      expect(await world.install('--host', host)).toEqual(refused('With a private CA: --ca-fingerprint'));
      const wrong = await world.install('--host', host, '--ca-fingerprint', fingerprint(other.certificate));
      expect(wrong).toEqual(refused('has another private CA than this command names'));
      nothingIsThere();
      const right = await world.install('--host', host, '--ca-fingerprint', fingerprint(authority.certificate));
      expect(right).toMatchObject({ code: 0, said: expect.stringContaining(`${host}/terminal/`) });
      expect(secureHub.hellos.at(-1)?.facts?.agentVersion).toBe(world.manifest.version);
    } finally {
      secureHub.kill();
      await secure.stop();
      rmSync(certificates, { recursive: true });
    }
  });

  it('reports an unknown user, and folders that cannot be written', async () => {
    expect(await world.install('--linux-user', 'nobody-of-that-name')).toEqual(
      refused('there is no user nobody-of-that-name'),
    );
    writeFileSync(join(world.machine, 'file'), '');
    expect(await world.install('--prefix', join(world.machine, 'file', 'opt'))).toEqual(refused('cannot be made'));
    nothingIsThere();
  });

  it('asks for confirmation before it replaces another agent, and leaves it without a terminal', async () => {
    mkdirSync(join(world.prefix, 'bin'), { recursive: true });
    symlinkSync('/srv/webxterm/clients/agent/bin/vsay-agent', join(world.prefix, 'bin', 'vsay-agent'));
    expect(await world.install()).toEqual(refused('Run this again with --replace'));
    expect(readdirSync(world.prefix)).toEqual(['bin']);
    mkdirSync(join(world.machine, 'etc'));
    writeFileSync(world.config, 'host: https://elsewhere.example\n');
    expect(await world.install()).toEqual(refused('belongs to https://elsewhere.example'));
    rmSync(world.config);
    expect((await world.install('--replace')).code).toBe(0);
  });

  it('removes the package again if the server refuses the token, and keeps an earlier agent', async () => {
    const value = { code: 'bad_registration_token', message: 'This registration token was used.', permanent: true };
    const { answer } = world.hub;
    const refuse = (): void => {
      world.hub.answer = () => ({ $case: 'refused', value: { ...value, retryAfterMs: 0, generationHeld: 0n } });
    };
    refuse();
    const none = await world.install();
    expect(none).toEqual(refused('the agent could not be configured'));
    expect(none.said).toContain('This registration token was used.');
    expect([world.versions, existsSync(join(world.prefix, 'current'))]).toEqual([[], false]);
    world.hub.answer = answer;
    expect((await world.install()).code).toBe(0);
    const [pid] = world.pids;
    const held = world.versions;
    await world.publish('with a used token');
    refuse();
    const kept = await world.outcome(world.start(world.script, ['--token', 'wxt_rt_other', ...world.places]));
    expect(kept).toEqual(refused('The agent that was here goes on as it was.'));
    expect([world.versions, world.pids]).toEqual([held, [pid]]);
  });

  it('completes after it was killed half-way', async () => {
    for (const moment of ['==> Downloading', '==> Installing', '==> Configuring']) {
      const child = world.start(world.script, ['--token', 'wxt_rt_test', ...world.places]);
      const closed = once(child, 'close');
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes(moment) && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      });
      await closed;
      expect(child.signalCode).toBe('SIGKILL');
    }
    expect((await world.install()).code).toBe(0);
    expect(world.versions).toEqual([world.manifest.version]);
  });
});
