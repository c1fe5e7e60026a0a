import { randomBytes } from 'node:crypto';
import { type DownFrame, decodeDown } from '@webxterm/contracts/frames';
import { EdgeKind, type OpenStream, Role, unwrapFrame } from '@webxterm/contracts/grpc';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Attachment } from '../attachment/attachment.ts';
import type { PtyEvents } from '../shell/pty.ts';
import { Sessions } from './sessions.ts';

const minute = 60_000;
const hour = 60 * minute;

/** The sessions of a machine whose shells only note what happens to them. */
const make = (maxSessions = 4) => {
  const clock = { now: 0 };
  /** What is wrong with the machine, if anything. */
  const machine: { trouble: Error | undefined } = { trouble: undefined };
  const shells: { events: PtyEvents; signals: NodeJS.Signals[] }[] = [];
  const sessions = new Sessions({
    maxSessions,
    ringSize: 64 * 1024,
    detachedMs: 24 * hour,
    prepareShell: async () => (events) => {
      if (machine.trouble !== undefined) throw machine.trouble;
      const signals: NodeJS.Signals[] = [];
      shells.push({ events, signals });
      return {
        write: (bytes) => bytes.length,
        resize: () => {},
        pause: () => {},
        resume: () => {},
        kill: (signal) => void signals.push(signal),
      };
    },
    log: pino({ level: 'silent' }),
    now: () => clock.now,
    onEnded: () => {},
  });
  const attach = async (request: Partial<OpenStream> = {}) => {
    const frames: DownFrame[] = [];
    const open: OpenStream = {
      attachId: 'a',
      secret: randomBytes(16),
      sessionId: randomBytes(16),
      viewerId: randomBytes(16),
      kind: 'pty',
      userId: 'u1',
      ownerUserId: 'u1',
      role: Role.ROLE_CONTROL,
      create: true,
      cols: 80,
      rows: 24,
      edge: EdgeKind.EDGE_KIND_V1,
      requestId: 'r',
      ...request,
    };
    const answer = await sessions.attach(open, {
      send: (message, sent) => {
        const frame = unwrapFrame(message);
        if (frame !== undefined) frames.push(decodeDown(frame));
        sent();
      },
      finish: () => {},
    });
    const attachment: Attachment | undefined = 'attachment' in answer ? answer.attachment : undefined;
    const first = 'frame' in answer ? answer.frame : frames[0];
    return { sessionId: open.sessionId, attachment, first };
  };
  /** The shell of the n-th session ends. */
  const exit = (n: number): void => shells[n]?.events.onEnd({ exitCode: 0, signal: undefined });
  return { clock, machine, shells, sessions, attach, exit };
};

describe('the sessions of a machine', () => {
  it('are so many and no more; who asks for another hears why, and gets it once one has ended', async () => {
    const { attach, exit } = make(4);
    for (let n = 0; n < 4; n += 1) expect((await attach()).first).toMatchObject({ type: 'accepted', created: true });
    expect((await attach()).first).toMatchObject({
      type: 'refused',
      code: 'too_many_sessions',
      message: 'This machine already has 4 sessions. End one and try again.',
    });
    exit(0);
    expect((await attach()).first).toMatchObject({ type: 'accepted', created: true });
  });

  it('whose shell cannot be started say so for good, and take no place', async () => {
    const { machine, attach } = make(1);
    machine.trouble = new Error('no such shell: /bin/zsh');
    expect((await attach()).first).toEqual({
      type: 'refused',
      code: 'shell_not_started',
      message: 'The machine could not start a shell: no such shell: /bin/zsh',
    });
    machine.trouble = undefined;
    expect((await attach()).first).toMatchObject({ type: 'accepted', created: true });
  });

  it('count also while their shells are being started', async () => {
    const { attach } = make(4);
    const answers = await Promise.all(Array.from({ length: 6 }, () => attach()));
    expect(answers.filter(({ attachment }) => attachment !== undefined)).toHaveLength(4);
  });

  it('end also while their shells are being started: by id, by owner, and with the agent', async () => {
    const { attach, sessions, shells } = make();
    const sessionId = randomBytes(16);
    const opening = attach({ sessionId });
    sessions.end(sessionId, 'access_revoked', 'somebody else');
    await opening;
    expect(shells[0]?.signals).toEqual([]);
    shells[0]?.events.onEnd({ exitCode: 0, signal: undefined });
    const ways: ((id: Buffer) => void)[] = [
      (id) => sessions.end(id, 'access_revoked', 'u1'),
      (id) => sessions.end(id, 'machine_deleted'),
      () => sessions.endOwned('u1', 'user_disabled'),
    ];
    for (const [n, way] of ways.entries()) {
      const started = randomBytes(16);
      const ending = attach({ sessionId: started });
      way(started);
      await ending;
      expect(shells[n + 1]?.signals).toEqual(['SIGHUP', 'SIGCONT']);
      shells[n + 1]?.events.onEnd({ exitCode: undefined, signal: 'SIGHUP' });
    }
    const last = attach();
    sessions.abandonAll();
    await last;
    expect(shells[4]?.signals).toContain('SIGHUP');
  });

  it('have at most 32 viewers each', async () => {
    const { attach } = make();
    const viewerId = randomBytes(16);
    const { sessionId } = await attach({ viewerId });
    for (let n = 1; n < 32; n += 1)
      expect((await attach({ sessionId, create: false })).first).toMatchObject({ type: 'accepted' });
    const refused = await attach({ sessionId, create: false });
    expect(refused.first).toMatchObject({ type: 'refused', code: 'too_many_streams' });
    // One of them comes back before its old attachment is found dead.
    expect((await attach({ sessionId, viewerId, create: false })).first).toMatchObject({ type: 'accepted' });
    expect((await attach()).first).toMatchObject({ type: 'accepted' });
  });

  it('end when nobody was attached for 24 h, and not before', async () => {
    const { clock, attach, sessions, shells } = make();
    const { attachment } = await attach();
    clock.now += 48 * hour;
    sessions.tick();
    expect(shells[0]?.signals).toEqual([]);
    attachment?.broken();
    clock.now += 24 * hour;
    sessions.tick();
    expect(shells[0]?.signals).toEqual([]);
    clock.now += 1;
    sessions.tick();
    expect(shells[0]?.signals).toEqual(['SIGHUP', 'SIGCONT']);
    shells[0]?.events.onEnd({ exitCode: undefined, signal: 'SIGHUP' });
    expect(sessions.listEnded()[0]).toMatchObject({ cause: 'detach_timeout' });
  });
});

describe('a session that has ended', () => {
  it('stays for 10 minutes for those who have not seen the end, and no longer', async () => {
    const { clock, attach, sessions, exit } = make();
    const { sessionId, attachment } = await attach();
    attachment?.broken();
    exit(0);
    clock.now += 10 * minute;
    sessions.tick();
    expect(sessions.knows(sessionId)).toBe(true);
    clock.now += 1;
    sessions.tick();
    expect(sessions.knows(sessionId)).toBe(false);
    expect((await attach({ sessionId, create: false })).first).toMatchObject({ type: 'ended', cause: 'unknown' });
  });

  it('goes as soon as everyone who was there has seen the end', async () => {
    const { attach, sessions, exit, shells } = make();
    const { sessionId, attachment } = await attach();
    shells[0]?.events.onOutput(Buffer.from('bye'));
    exit(0);
    sessions.tick();
    expect(sessions.knows(sessionId)).toBe(true);
    // limit: acked 3
    attachment?.receive(Buffer.from('0400000000000000030000000000010000', 'hex'));
    attachment?.broken();
    sessions.tick();
    expect(sessions.knows(sessionId)).toBe(false);
  });

  it('is one of at most 32: the oldest make room, for their rings are memory', async () => {
    const { attach, sessions, exit } = make();
    const ids: Buffer[] = [];
    for (let n = 0; n < 40; n += 1) {
      const { sessionId, attachment } = await attach();
      ids.push(sessionId);
      attachment?.broken();
      exit(n);
    }
    sessions.tick();
    expect(ids.map((id) => sessions.knows(id))).toEqual([...Array(8).fill(false), ...Array(32).fill(true)]);
  });
});
