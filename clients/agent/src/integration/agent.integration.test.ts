import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Agent } from '../agent.ts';
import { companionFiles } from '../configuration/agent-config.ts';
import { checkConfig, readConfig, writeConfig } from '../configuration/config-file.ts';
import { loadMachineKey } from '../identity/machine-key.ts';
import { TestHub } from './test-hub.ts';
import { TestViewer } from './test-viewer.ts';

let directory = '';
let hub: TestHub;
let agent: Agent;
let running: Promise<void>;

const configPath = (): string => path.join(directory, 'agent.yaml');

const startAgent = async (settings: Record<string, unknown> = {}): Promise<void> => {
  const { username, uid } = os.userInfo();
  const config = checkConfig(
    {
      host: 'http://127.0.0.1:1',
      grpc: hub.address,
      token: 'vsay_ak_test',
      linux_user: username,
      name: 'box',
      ...settings,
    },
    'test',
  );
  await writeConfig(configPath(), config);
  agent = new Agent({
    configPath: configPath(),
    config,
    key: await loadMachineKey(companionFiles(configPath()).key),
    processUid: uid,
    log: pino({ level: 'silent' }),
    now: () => performance.now(),
    random: () => 0,
  });
  running = agent.run();
};

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'agent-int-'));
  hub = await new TestHub().start();
});

afterEach(async () => {
  await agent.stop();
  await running.catch(() => undefined);
  hub.kill();
  await rm(directory, { recursive: true, force: true });
});

/** A viewer in a new shell with echo and prompt off, so its output is only that of commands. */
const quietShell = async (): Promise<TestViewer> => {
  const viewer = new TestViewer(hub);
  await viewer.attach({ create: true });
  viewer.type("PS1=''; PS2=''; PROMPT_COMMAND=''; stty -echo; echo rea''dy\n");
  await viewer.seen('ready\r\n');
  viewer.clear();
  return viewer;
};

describe('enrolment', () => {
  it('sends the API key first, then only the credential that was issued for it, and does not store the key', async () => {
    await startAgent();
    await hub.message('sessions');
    expect(hub.hellos[0]).toMatchObject({ credential: { $case: 'apiKey', value: 'vsay_ak_test' }, generation: 1n });
    expect(await readConfig(configPath())).not.toHaveProperty('token');
    expect(await readFile(path.join(directory, 'agent.credential'), 'utf8')).toBe('wxt_mc_test\n');
    // Without sessions, the next dial is delayed by up to 30 s. The random value of these tests is 0.
    hub.kill();
    await hub.start();
    await hub.linked();
    const last = hub.hellos.at(-1);
    expect(last?.credential).toEqual({ $case: 'linkPass', value: 'wxt_lp_test' });
    expect(last?.fallbackMachineCredential).toBe('wxt_mc_test');
    expect(last?.generation).toBeGreaterThan(1n);
  });

  it('ends with exit code 3 and a clear sentence if it is refused permanently', async () => {
    hub.answer = () => ({
      $case: 'refused',
      value: {
        code: 'bad_api_key',
        message: 'The API key is wrong.',
        permanent: true,
        retryAfterMs: 0,
        generationHeld: 0n,
      },
    });
    await startAgent();
    await expect(running).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/wrong.*Profile page/) });
  });

  it('retries if the hub asks for a later generation', async () => {
    let refusals = 0;
    const { answer } = hub;
    hub.answer = (hello) => {
      refusals += 1;
      if (refusals > 1) return answer(hello);
      const value = { code: 'displaced', message: '', permanent: false, retryAfterMs: 1, generationHeld: 70n };
      return { $case: 'refused', value };
    };
    await startAgent();
    await hub.linked();
    expect(hub.hellos.map((hello) => hello.generation)).toEqual([1n, 71n]);
  });
});

describe('a shell that nobody uses', () => {
  it('ends with its cause after the limit of the installation, and a shell with a program in the foreground goes on', async () => {
    const { answer } = hub;
    hub.answer = (hello) => {
      const welcome = answer(hello);
      if (welcome.$case !== 'welcome') return welcome;
      return { ...welcome, value: { ...welcome.value, capabilities: ['later_end_causes'] } };
    };
    await startAgent({ idle_hours: 1 });
    await hub.linked();
    const [busy, unused] = [await quietShell(), await quietShell()];
    busy.type("echo beg''in; sleep 1000\n");
    await busy.seen('begin');
    hub.send({ $case: 'sessionLimits', value: { idleSeconds: 2 } });
    expect(await unused.frame('ended')).toMatchObject({ cause: 'idle_timeout' });
    expect(unused.frames).toContainEqual({ type: 'idle', endsInMs: expect.any(Number), limitSeconds: 2 });
    expect(await hub.message('sessionEnded')).toMatchObject({ value: { cause: 'idle_timeout' } });
    hub.send({ $case: 'sessionLimits', value: { idleSeconds: 0 } });
    busy.type("\x03echo st''ill\n");
    await busy.seen('still');
  });

  it('ends after idle_hours of agent.yaml, with an earlier cause for relays of an earlier version', async () => {
    await startAgent({ idle_hours: 1 / 3600 });
    await hub.linked();
    const unused = new TestViewer(hub);
    await unused.attach({ create: true });
    expect(await unused.frame('ended')).toMatchObject({ cause: 'detach_timeout' });
  });
});

describe('the titles of sessions', () => {
  const reported = () =>
    hub.messages.flatMap((message) => (message.$case === 'sessionTitles' ? message.value.titles : []));

  it('are reported with program and directory when they change, to a hub that reads them', async () => {
    const { answer } = hub;
    hub.answer = (hello) => {
      const welcome = answer(hello);
      if (welcome.$case !== 'welcome') throw new Error('not welcome');
      return { ...welcome, value: { ...welcome.value, capabilities: ['session_titles'] } };
    };
    await startAgent();
    await hub.linked();
    const viewer = await quietShell();
    const last = (wanted: object) =>
      vi.waitFor(() => expect(reported().at(-1)).toMatchObject({ sessionId: viewer.sessionId, ...wanted }), 20_000);
    viewer.type("printf '\\033]0;my work\\007'; cd /usr; echo do''ne\n");
    await viewer.seen('done');
    await last({ title: 'my work', command: '', directory: '/usr' });
    viewer.type("(cd /; echo sta''rted; exec sleep 1000)\n");
    await viewer.seen('started');
    await last({ title: 'my work', command: 'sleep', directory: '/' });
    viewer.type('\x03');
    await last({ command: '', directory: '/usr' });
    // Nothing has changed, so nothing is reported again: the next report is about another session.
    const count = reported().length;
    const other = await quietShell();
    await vi.waitFor(() => expect(reported().at(-1)?.sessionId).toEqual(other.sessionId), 20_000);
    expect(
      reported()
        .slice(count)
        .filter(({ sessionId }) => sessionId.equals(viewer.sessionId)),
    ).toEqual([]);
  });

  it('are not sent to a hub of an older version', async () => {
    await startAgent();
    await hub.linked();
    await quietShell();
    await hub.message('stats');
    expect(reported()).toEqual([]);
  });
});

describe('a shell', () => {
  beforeEach(async () => {
    await startAgent();
    await hub.linked();
  });

  it('is the login shell of the user, with a clean environment', async () => {
    const viewer = await quietShell();
    viewer.type('env; id -Gn; shopt -q login_shell && echo log""in; echo do""ne\n');
    await viewer.seen('done');
    const { username } = os.userInfo();
    for (const line of [
      `HOME=${os.homedir()}`,
      `USER=${username}`,
      'TERM=xterm-256color',
      'COLORTERM=truecolor',
      'login',
    ]) {
      expect(viewer.text).toContain(line);
    }
    expect(viewer.text).not.toMatch(/NODE_|VITEST/);
  });

  it('has no open descriptor of the terminals of other sessions', async () => {
    await quietShell();
    const viewer = await quietShell();
    viewer.type('ls -l /proc/$$/fd; echo do""ne\n');
    await viewer.seen('done');
    expect(viewer.text).toContain('/dev/pts/');
    expect(viewer.text).not.toContain('ptmx');
  });

  it('echoes keys, follows the window size and reports the exit code', async () => {
    const viewer = new TestViewer(hub);
    const accepted = await viewer.attach({ create: true, cols: 100, rows: 30 });
    expect(accepted).toMatchObject({ type: 'accepted', created: true, driver: true, offset: 0, cols: 100, rows: 30 });
    viewer.type('stty size\n');
    await viewer.seen('30 100');
    viewer.send({ type: 'resize', cols: 132, rows: 50 });
    expect(await viewer.frame('size')).toMatchObject({ cols: 132, rows: 50 });
    viewer.type('stty size; exit 3\n');
    const ended = await viewer.frame('ended');
    expect(viewer.text).toContain('50 132');
    expect(ended).toMatchObject({ cause: 'shell_exit', exitCode: 3, signal: undefined, finalOffset: viewer.offset });
    const reported = await hub.message('sessionEnded');
    expect(reported.value).toMatchObject({ exitCode: 3, cause: 'shell_exit', sessionId: viewer.sessionId });
  });

  it('is ended by the hub with SIGHUP, and the cause is reported', async () => {
    const viewer = await quietShell();
    hub.send({ $case: 'endSession', value: { sessionId: viewer.sessionId, cause: 'access_revoked', ownerUserId: '' } });
    expect(await viewer.frame('ended')).toMatchObject({ cause: 'access_revoked' });
  });

  it('is binary-clean both ways: 20 MB through a raw tty', { timeout: 120_000 }, async () => {
    const viewer = await quietShell();
    viewer.type('stty raw -echo; printf "go>"; exec cat\n');
    await viewer.seen('go>');
    viewer.startHash();
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const sent = Buffer.concat([everyByte, randomBytes(20_000_000)]);
    viewer.type(sent);
    await viewer.until(() => viewer.hashed === sent.length);
    expect(viewer.digest()).toBe(createHash('sha256').update(sent).digest('hex'));
  });

  it('answers a ping while a program does not read a paste of 1 MB', async () => {
    const viewer = await quietShell();
    viewer.type('stty raw -echo; printf "go>"; exec sleep 60\n');
    await viewer.seen('go>');
    viewer.type(Buffer.alloc(1024 * 1024, 97));
    const other = await quietShell();
    viewer.send({ type: 'ping', scope: 'path', nonce: 7 });
    expect(await viewer.frame('pong')).toMatchObject({ scope: 'path', nonce: 7 });
    other.type('echo ali""ve\n');
    await other.seen('alive');
    expect(viewer.applied).toBeLessThan(256 * 1024);
    hub.send({ $case: 'endSession', value: { sessionId: viewer.sessionId, cause: 'ended_by_user', ownerUserId: '' } });
    expect(await viewer.frame('ended')).toMatchObject({ cause: 'ended_by_user', signal: 'SIGHUP' });
  });

  it('reports an unknown session that must end as ended, so that its record does not stay open', async () => {
    const sessionId = Buffer.alloc(16, 7);
    hub.send({ $case: 'endSession', value: { sessionId, cause: 'ended_by_user', ownerUserId: '' } });
    expect((await hub.message('sessionEnded')).value).toMatchObject({ sessionId, cause: 'unknown' });
  });
});

describe('attachments', () => {
  beforeEach(async () => {
    await startAgent();
    await hub.linked();
  });

  it('continue at their offset after the hub is killed, without loss or duplication', { timeout: 30_000 }, async () => {
    const viewer = await quietShell();
    const lines = 600_000;
    viewer.type(`seq 1 ${lines}; echo th""e-end\n`);
    await viewer.until(() => viewer.offset > 200_000);
    hub.kill();
    expect(viewer.text).not.toContain('the-end');
    await hub.start();
    await hub.linked();
    expect(await viewer.attach()).toMatchObject({ type: 'accepted', created: false, driver: true });
    await viewer.seen('the-end');
    // Before the first line, readline prints its bracketed paste mode.
    const output = viewer.text.slice(viewer.text.indexOf('1\r\n'));
    const numbers = output.split('\r\n').slice(0, lines).map(Number);
    expect(numbers.findIndex((number, index) => number !== index + 1)).toBe(-1);
    expect(numbers).toHaveLength(lines);
    const list = hub.messages.findLast((message) => message.$case === 'sessions');
    expect(list?.value).toMatchObject({
      sessions: [{ sessionId: viewer.sessionId, state: 'live', ownerUserId: 'u1' }],
    });
  });

  it('apply input that was typed during a break once', async () => {
    const viewer = await quietShell();
    viewer.type('cat >/dev/null <<E\n');
    for (let round = 0; round < 3; round += 1) {
      viewer.type('x'.repeat(1000).concat('\n'));
      hub.kill();
      viewer.type('typed while the hub is dead\n');
      await hub.start();
      await hub.linked();
      await viewer.attach();
    }
    viewer.type('E\necho co""unted $?\n');
    await viewer.seen('counted 0');
    // The ack follows the echo.
    await viewer.until(() => viewer.applied > 3 * 1001);
  });

  it('stop the program while the limit of their driver is reached', async () => {
    const viewer = await quietShell();
    viewer.acks = false;
    viewer.type(`sh -c 'trap "echo stop""ped; exit" INT; yes'\n`);
    const before = viewer.offset;
    const watcher = new TestViewer(hub, viewer.sessionId);
    const heads: number[] = [];
    // Reads the head twice, some tenths of a second of output apart (dozens of MB if the flood ran).
    for (let look = 0; look < 2; look += 1) {
      const accepted = await watcher.attach();
      if (accepted.type === 'accepted') heads.push(accepted.head);
      await viewer.roundTrips(500);
    }
    expect(heads[1]).toBeLessThan(before + 3 * 1024 * 1024);
    viewer.acks = true;
    viewer.ack();
    viewer.type('\x03');
    await viewer.seen('stopped');
  });

  it('are refused to anyone but the owner, and unknown sessions are not opened', async () => {
    const viewer = await quietShell();
    const outsider = new TestViewer(hub, viewer.sessionId);
    expect(await outsider.attach({ userId: 'u2' })).toMatchObject({ type: 'refused', code: 'session_not_found' });
    expect(await new TestViewer(hub).attach()).toMatchObject({ type: 'ended', cause: 'unknown' });
    const other = new TestViewer(hub);
    expect(await other.attach({ create: true, userId: 'u2' })).toMatchObject({ type: 'refused' });
    expect(await other.attach({ create: true, kind: 'fax' })).toMatchObject({
      code: 'kind_not_supported',
      message: 'This agent has no sessions of kind fax, only of: pty, files_read, files_write, tcp, ssh.',
    });
    expect(await other.attach({ create: true, cols: 5000 })).toMatchObject({ code: 'invalid_input' });
  });

  it('are replaced by a newer one of the same viewer', async () => {
    const viewer = await quietShell();
    const twin = new TestViewer(hub, viewer.sessionId);
    Object.assign(twin, { viewerId: viewer.viewerId });
    expect(await twin.attach()).toMatchObject({ type: 'accepted', driver: true });
    expect(await viewer.frame('refused')).toMatchObject({ code: 'displaced' });
  });

  it('open one shell however often the opening is repeated', async () => {
    const first = new TestViewer(hub);
    const second = new TestViewer(hub, first.sessionId);
    await Promise.all([first.attach({ create: true }), second.attach({ create: true })]);
    first.type('echo pi""d=$$\n');
    await Promise.all([first.seen('pid='), second.seen('pid=')]);
    const order = {
      commandId: 'c',
      command: 'echo hi',
      timeoutMs: 1000,
      maxOutputBytes: 0,
      linuxUser: '',
      userId: 'u1',
      kept: undefined,
      requestId: 'r',
    };
    hub.send({ $case: 'command', value: order });
    const { value } = await hub.message('commandOutput');
    expect(value.stdout.toString()).toBe('hi\n');
  });

  it('end on a frame that violates the protocol, and other attachments do not', async () => {
    const viewer = await quietShell();
    viewer.send({
      type: 'input',
      offset: viewer.applied,
      reply: false,
      earlier: false,
      payload: new Uint8Array(16_384),
    });
    viewer.send({ type: 'attach', viewerId: viewer.viewerId, create: false, from: 0, cols: 1, rows: 1 });
    expect(await viewer.frame('refused')).toMatchObject({ code: 'bad_request' });
    expect(await viewer.attach()).toMatchObject({ type: 'accepted' });
  });

  it('receive that the agent stops', async () => {
    const viewer = await quietShell();
    await agent.stop();
    expect(await viewer.frame('ended')).toMatchObject({ cause: 'agent_stopped' });
  });
});
