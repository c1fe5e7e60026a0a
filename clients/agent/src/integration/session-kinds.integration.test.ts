import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type DownFrame, decodeDown, encodeUp, maxInputFrame, type UpFrame } from '@webxterm/contracts/frames';
import { type AttachOpen, EndSessionRequest, metadataKey, unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import { defaultKind, sessionKinds } from '@webxterm/contracts/session-kinds';
import { until } from '@webxterm/shared/testing';
import { InputQueue } from '@webxterm/stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin, TestUser } from '../../../../services/agent-hub/src/testing/auth-stand-in.ts';
import type { RunningHub } from '../../../../services/agent-hub/src/testing/test-hub.ts';
import type { TestTerminal } from '../../../../services/agent-hub/src/testing/test-viewer.ts';
import { World } from '../../../../services/agent-hub/src/testing/world.ts';
import { Commands } from '../commands/commands.ts';
import { KeptCommands } from '../commands/kept-commands.ts';
import { StartedIds } from '../commands/started-ids.ts';
import { checkConfig } from '../configuration/config-file.ts';
import { Guard } from '../guard/guard.ts';
import { loadMachineKey } from '../identity/machine-key.ts';
import { dial } from '../link/dial.ts';
import { Link } from '../link/link.ts';
import { Sessions } from '../session/sessions.ts';
import { ptyKind } from '../shell/pty-kind.ts';
import { SshActivities } from '../ssh/activities.ts';
import { machineFacts } from '../stats/facts.ts';
import { StatsReader } from '../stats/resource-stats.ts';
import { pipeKind } from './pipe-kind.ts';
import { startAgent } from './test-agent.ts';

// A real hub that knows one more kind of session than the product, and real agents. A viewer attaches at the hub's internal port, as the
// terminal service does.

let world: World;
let hub: RunningHub;
let terminal: TestTerminal;
let ann: TestUser;
let annIn: TestSignin;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  world = await World.start();
  ann = world.auth.addUser('ann');
  annIn = await world.auth.signIn(ann);
  hub = await world.hub({}, undefined, new Map([...sessionKinds, ['pipe', ['open']]]));
  terminal = world.terminal(hub);
}, 60_000);

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  await world?.stop();
}, 30_000);

/** A viewer that acknowledges all output at once, and sends input as far as the machine allows. */
class Viewer {
  readonly frames: DownFrame[] = [];
  readonly input = new InputQueue({ frame: maxInputFrame, window: 256 * 1024, queue: 16 * 1024 * 1024 });
  output = Buffer.alloc(0);
  capabilities: unknown;
  /** How the stream has ended. */
  #end: string | undefined;
  readonly #stream;

  constructor(agentId: string, open: Partial<AttachOpen>) {
    this.#stream = terminal.attach({ sid: annIn.sid, agentId, ...open }).stream;
    this.#stream.on('metadata', (metadata) => {
      [this.capabilities] = metadata.get(metadataKey.agentCapabilities);
    });
    this.#stream.on('status', ({ code, details }) => {
      this.#end = `the stream ended with ${code}: ${details}`;
    });
    this.#stream.on('data', (message: Buffer) => {
      const bytes = unwrapFrame(message);
      if (bytes !== undefined) this.#take(decodeDown(bytes));
    });
  }

  send(frame: UpFrame): void {
    this.#stream.write(wrapFrame(encodeUp(frame)));
  }

  type(bytes: Buffer): void {
    this.input.push(bytes, false);
    this.#pump();
  }

  async frame<T extends DownFrame['type']>(type: T): Promise<Extract<DownFrame, { type: T }>> {
    const isIt = (frame: DownFrame): frame is Extract<DownFrame, { type: T }> => frame.type === type;
    await until(() => this.frames.some(isIt) || this.#end !== undefined, 50_000);
    const found = this.frames.find(isIt);
    if (found === undefined) throw new Error(`no ${type}: ${this.#end}`);
    return found;
  }

  says(text: string): Promise<void> {
    return until(() => this.output.includes(text));
  }

  leave(): void {
    this.#stream.end();
  }

  #take(frame: DownFrame): void {
    if (frame.type === 'output') {
      this.output = Buffer.concat([this.output, frame.payload]);
      const acked = frame.offset + frame.payload.length;
      this.send({ type: 'limit', acked, limit: acked + 1024 * 1024 });
      return;
    }
    this.frames.push(frame);
    if (frame.type === 'accepted') this.input.restart(frame.inputApplied, frame.inputLimit);
    if (frame.type === 'input_ack') this.input.acked(frame.applied, frame.limit);
    this.#pump();
  }

  #pump(): void {
    for (let next = this.input.next(); next !== undefined; next = this.input.next())
      this.send({ type: 'input', ...next });
  }
}

/** Resolves with the id of the machine of an agent that dials now. */
const machineOf = async (start: () => Promise<unknown>): Promise<string> => {
  const ids = async (): Promise<string[]> => {
    const { body } = await hub.call('GET', '/api/machines', annIn.token);
    const { machines } = body as { machines: { agent_id: string; status: string }[] };
    return machines.filter(({ status }) => status === 'online').map(({ agent_id }) => agent_id);
  };
  const before = await ids();
  await start();
  let added: string | undefined;
  await until(async () => {
    added = (await ids()).find((id) => !before.includes(id));
    return added !== undefined;
  });
  return added ?? '';
};

describe('a session of another kind than pty', () => {
  let agentId = '';
  beforeAll(async () => {
    agentId = await machineOf(async () => {
      const moreKinds = [pipeKind('cat', [])];
      const { stop } = await startAgent(
        { grpc: hub.grpc, token: ann.apiKey },
        { moreKinds, settings: { ring_mib: 8 } },
      );
      ends.push(stop);
    });
  }, 30_000);

  it('carries bytes both ways unchanged, without a size, over hub and agent', async () => {
    const viewer = new Viewer(agentId, { kind: 'pipe' });
    expect(await viewer.frame('accepted')).toMatchObject({ created: true, driver: true, cols: 0, rows: 0 });
    viewer.send({ type: 'resize', cols: 100, rows: 30 });
    const sent = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), randomBytes(4_000_000)]);
    viewer.type(sent);
    await until(() => viewer.output.length >= sent.length, 60_000);
    expect(createHash('sha256').update(viewer.output).digest('hex')).toBe(
      createHash('sha256').update(sent).digest('hex'),
    );
    expect(viewer.frames.filter(({ type }) => type === 'size' || type === 'snapshot')).toEqual([]);
    viewer.leave();
  });

  it('outlives its viewer, and ends by request with a signal', async () => {
    const sessionId = randomBytes(16);
    const first = new Viewer(agentId, { kind: 'pipe', sessionId });
    first.type(Buffer.from('one'));
    await first.says('one');
    first.leave();
    const second = new Viewer(agentId, { kind: 'pipe', sessionId, create: false });
    second.type(Buffer.from(' two'));
    await second.says('one two');
    const request = EndSessionRequest.fromPartial({ sid: annIn.sid, agentId, sessionId, cause: 'ended_by_user' });
    terminal.calls.endSession(request, terminal.metadata, () => undefined);
    expect(await second.frame('ended')).toMatchObject({ cause: 'ended_by_user', signal: 'SIGHUP', finalOffset: 7 });
  });

  it('runs beside terminals of the same machine, and keeps its kind', async () => {
    const sessionId = randomBytes(16);
    const shell = new Viewer(agentId, { kind: defaultKind, sessionId, cols: 100, rows: 30 });
    expect(await shell.frame('accepted')).toMatchObject({ cols: 100, rows: 30 });
    shell.type(Buffer.from('stty size; tty; exit 3\n'));
    expect(await shell.frame('ended')).toMatchObject({ cause: 'shell_exit', exitCode: 3 });
    expect(shell.output.toString()).toMatch(/30 100[\s\S]*\/dev\/pts\//);
    const other = new Viewer(agentId, { kind: 'pipe', sessionId, create: false });
    expect(await other.frame('refused')).toMatchObject({
      code: 'invalid_input',
      message: 'This session is of kind pty, not pipe.',
    });
  });
});

describe('a kind that cannot be opened is refused by name', () => {
  it('by the hub that does not know it, and by the hub whose agent has not announced it', async () => {
    const agentId = await machineOf(async () => {
      const { stop } = await startAgent({ grpc: hub.grpc, token: ann.apiKey });
      ends.push(stop);
    });
    expect(await new Viewer(agentId, { kind: 'fax' }).frame('refused')).toEqual({
      type: 'refused',
      code: 'kind_not_supported',
      message: 'This server has no sessions of kind fax, only of: pty, files_read, files_write, tcp, ssh, pipe.',
    });
    expect(await new Viewer(agentId, { kind: 'pipe' }).frame('refused')).toEqual({
      type: 'refused',
      code: 'kind_not_supported',
      message:
        'The agent of this machine has no sessions of kind pipe, only of: pty, files_read, files_write, tcp, ssh. Update the agent.',
    });
    expect(await new Viewer(agentId, { kind: 'No kind!' }).frame('refused')).toMatchObject({ code: 'invalid_input' });
  });
});

describe('an agent whose hello has no capabilities, as before they were introduced', () => {
  it('serves terminals and commands, and receives requests of no other kind', async () => {
    const log = pino({ level: 'silent' });
    const guard = new Guard(log);
    const { username, uid } = os.userInfo();
    const account = { linuxUsers: [username], allowSudo: false, processUid: uid };
    const sessions = new Sessions({
      kinds: [ptyKind(account, guard)],
      maxSessions: 4,
      ringSize: 1024 * 1024,
      detachedMs: 60_000,
      log,
      now: () => performance.now(),
      onEnded: () => {},
    });
    const commands = new Commands({ account, agentTag: 'n-1', guard, log });
    ends.push(async () => {
      sessions.abandonAll();
      await commands.stop();
      guard.close();
    });
    const folder = await mkdtemp(path.join(os.tmpdir(), 'agent-int-'));
    ends.push(() => rm(folder, { recursive: true }));
    const way = { host: 'http://127.0.0.1:1', token: 'vsay_ak_test', linux_user: username, name: 'old' };
    const facts = await machineFacts(checkConfig(way, 'test'));
    const key = await loadMachineKey(path.join(folder, 'key'));
    const agentId = await machineOf(async () => {
      const dialled = await dial(hub.grpc, {
        security: { tls: false, ca: undefined },
        key,
        generation: { raise: async () => 1n },
        instanceId: randomBytes(16),
        credential: { $case: 'apiKey', value: ann.apiKey },
        fallbackCredential: '',
        facts,
        capabilities: [],
        registerOnly: false,
        patienceMs: 10_000,
      });
      if (dialled.kind !== 'welcome') throw new Error(JSON.stringify(dialled));
      expect(dialled.welcome.capabilities).toEqual(['pty', 'command']);
      const { welcome, connection } = dialled;
      const link = new Link({
        connection,
        welcome,
        sessions,
        stats: new StatsReader(),
        commands,
        // The hub of this agent announces nothing, so no command is kept.
        kept: new KeptCommands({ commands, ids: new StartedIds(path.join(folder, 'started')), log }),
        activities: new SshActivities(() => performance.now()),
        updater: undefined,
        log,
        now: () => performance.now(),
      });
      void link.run();
      ends.push(() => link.close());
    });
    const viewer = new Viewer(agentId, { kind: '' });
    viewer.type(Buffer.from('echo he""llo; exit 4\n'));
    expect(await viewer.frame('ended')).toMatchObject({ exitCode: 4 });
    expect(viewer.output.toString()).toContain('hello');
    expect(viewer.capabilities).toBe('pty,command');
    const answer = await hub.call('POST', `/api/machines/${agentId}/command`, annIn.token, { command: 'echo hi' });
    expect(answer).toMatchObject({ status: 200, body: { stdout: 'hi\n' } });
    expect(await new Viewer(agentId, { kind: 'pipe' }).frame('refused')).toMatchObject({
      code: 'kind_not_supported',
      message: 'The agent of this machine has no sessions of kind pipe, only of: pty. Update the agent.',
    });
  });
});
