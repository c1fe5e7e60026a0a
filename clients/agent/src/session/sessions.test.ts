import { randomBytes } from 'node:crypto';
import { type DownFrame, decodeDown, encodeUp } from '@webxterm/contracts/frames';
import { AttachGrant, EdgeKind, type OpenStream, Recording, Role, unwrapFrame } from '@webxterm/contracts/grpc';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Attachment } from '../attachment/attachment.ts';
import { LinuxUserRefused } from '../shell/linux-users.ts';
import type { ProcessEvents, SessionKind } from './session-kind.ts';
import { Sessions } from './sessions.ts';

const minute = 60_000;
const hour = 60 * minute;

/** The sessions of a machine with fake shells that record their calls. */
const make = (maxSessions = 4, more: readonly SessionKind[] = [], limits: { idleMs?: number } = {}) => {
  const clock = { now: 0 };
  /** The failure of the machine, if any. */
  const machine: { trouble: Error | undefined } = { trouble: undefined };
  const shells: { events: ProcessEvents; signals: string[] }[] = [];
  const kind = (name: string): SessionKind => ({
    name,
    output: 'terminal',
    notStarted: { code: 'shell_not_started', what: 'a shell' },
    prepare: async () => (events) => {
      if (machine.trouble !== undefined) throw machine.trouble;
      const signals: string[] = [];
      shells.push({ events, signals });
      return {
        write: (bytes) => bytes.length,
        resize: () => {},
        pause: () => {},
        resume: () => {},
        hangUp: () => void signals.push('hang up'),
        kill: () => void signals.push('kill'),
      };
    },
  });
  const sessions = new Sessions({
    kinds: [kind('pty'), kind('other'), ...more],
    maxSessions,
    ringSize: 64 * 1024,
    detachedMs: 24 * hour,
    ...limits,
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
      grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
      recording: Recording.RECORDING_UNSPECIFIED,
      linuxUser: '',
      target: '',
      rights: [],
      username: 'ann',
      typesAlways: false,
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
  it('are limited; a further request is refused with the reason, and granted once a session has ended', async () => {
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

  it('of a kind with bounds of its own take no place of a shell while they are being started', async () => {
    const started = Promise.withResolvers<never>();
    const slow: SessionKind = {
      name: 'slow',
      output: 'bytes',
      bounds: { group: 'slow ones', perUser: 8, ofAll: 8 },
      notStarted: { code: 'forward_failed', what: 'it' },
      prepare: () => started.promise,
    };
    const { attach } = make(1, [slow]);
    const waiting = Array.from({ length: 8 }, () => attach({ kind: 'slow' }));
    expect((await attach({ kind: 'slow' })).first).toMatchObject({ type: 'refused', code: 'too_many_sessions' });
    expect((await attach({ userId: 'u2', ownerUserId: 'u2' })).first).toMatchObject({ type: 'accepted' });
    expect((await attach()).first).toMatchObject({ type: 'refused', code: 'too_many_sessions' });
    started.reject(new Error('it does not answer'));
    expect((await waiting[0])?.first).toMatchObject({ type: 'refused', code: 'forward_failed' });
  });

  it('whose shell cannot be started report it, and do not count against the limit', async () => {
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

  it('of a Linux user that the configuration does not allow are refused by name', async () => {
    const { machine, attach, sessions } = make();
    machine.trouble = new LinuxUserRefused('This machine opens no shells as root, only as ann.');
    expect((await attach({ linuxUser: 'root' })).first).toEqual({
      type: 'refused',
      code: 'linux_user_refused',
      message: 'This machine opens no shells as root, only as ann.',
    });
    expect(sessions.list()).toEqual([]);
  });

  it('of a kind that the agent does not have are refused with that name and the names that it has', async () => {
    const { attach, sessions } = make();
    expect((await attach({ kind: 'tcp' })).first).toEqual({
      type: 'refused',
      code: 'kind_not_supported',
      message: 'This agent has no sessions of kind tcp, only of: pty, other.',
    });
    expect(sessions.list()).toEqual([]);
  });

  it('keep their kind: an attach that names another one is refused', async () => {
    const { attach, sessions } = make();
    const { sessionId } = await attach({ kind: 'other' });
    expect(sessions.list()).toMatchObject([{ kind: 'other' }]);
    for (const kind of ['pty', ''])
      expect((await attach({ sessionId, kind })).first).toMatchObject({ type: 'refused', code: 'invalid_input' });
    expect((await attach({ sessionId, kind: 'other', create: false })).first).toMatchObject({ type: 'accepted' });
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
      expect(shells[n + 1]?.signals).toEqual(['hang up']);
      shells[n + 1]?.events.onEnd({ exitCode: undefined, signal: 'SIGHUP' });
    }
    const last = attach();
    sessions.abandonAll();
    await last;
    expect(shells[4]?.signals).toContain('hang up');
  });

  it('have at most 50 guests each, so that the owner can attach', async () => {
    const { attach } = make();
    const sessionId = randomBytes(16);
    await attach({ sessionId });
    const shared = { sessionId, create: false, grant: AttachGrant.ATTACH_GRANT_SHARE };
    for (let n = 0; n < 50; n += 1)
      expect((await attach({ ...shared, userId: `guest ${n}` })).first?.type).toBe('accepted');
    expect((await attach({ ...shared, userId: 'another' })).first).toMatchObject({ code: 'too_many_streams' });
    expect((await attach({ sessionId, create: false })).first?.type).toBe('accepted');
  });

  it('have at most 64 viewers each', async () => {
    const { attach } = make();
    const viewerId = randomBytes(16);
    const { sessionId } = await attach({ viewerId });
    for (let n = 1; n < 64; n += 1)
      expect((await attach({ sessionId, create: false })).first).toMatchObject({ type: 'accepted' });
    const refused = await attach({ sessionId, create: false });
    expect(refused.first).toMatchObject({ type: 'refused', code: 'too_many_streams' });
    // One viewer attaches again before its old attachment is detected as dead.
    expect((await attach({ sessionId, viewerId, create: false })).first).toMatchObject({ type: 'accepted' });
    expect((await attach()).first).toMatchObject({ type: 'accepted' });
  });

  it('end after 24 h without an attachment of the owner, and not before', async () => {
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
    expect(shells[0]?.signals).toEqual(['hang up']);
    shells[0]?.events.onEnd({ exitCode: undefined, signal: 'SIGHUP' });
    expect(sessions.listEnded()[0]).toMatchObject({ cause: 'detach_timeout' });
  });
});

describe('terminals that nobody uses', () => {
  it('end after the shorter of the limits of the machine and of the installation', async () => {
    for (const [machine, installation, hours] of [
      [undefined, undefined, undefined],
      [8, undefined, 8],
      [undefined, 8, 8],
      [4, 8, 4],
      [8, 4, 4],
    ] as const) {
      const { clock, attach, sessions, shells } = make(4, [], machine === undefined ? {} : { idleMs: machine * hour });
      await attach();
      sessions.limitIdle(1);
      sessions.limitIdle(installation === undefined ? undefined : installation * hour);
      const pass = (minutes: number): void => {
        for (let spent = 0; spent < minutes; spent += 1) {
          clock.now += minute;
          sessions.tick();
        }
      };
      pass((hours ?? 1000) * 60 - 1);
      expect(shells[0]?.signals).toEqual([]);
      pass(1);
      expect(shells[0]?.signals).toEqual(hours === undefined ? [] : ['hang up']);
    }
  });
});

describe('another viewer than the owner of a session', () => {
  const watch = {
    userId: 'u2',
    role: Role.ROLE_VIEW,
    grant: AttachGrant.ATTACH_GRANT_WATCH,
    create: false,
  } as const;

  it('attaches by a grant to watch, and to nothing else', async () => {
    const { attach, sessions } = make();
    const { sessionId } = await attach();
    expect((await attach({ sessionId, ...watch })).first).toMatchObject({ type: 'accepted', driver: false });
    const refused = { type: 'refused', code: 'session_not_found' };
    // A hub of the previous version sends no grants.
    expect((await attach({ sessionId, ...watch, grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED })).first).toMatchObject(
      refused,
    );
    expect((await attach({ sessionId, ...watch, role: Role.ROLE_CONTROL })).first).toMatchObject(refused);
    expect((await attach({ sessionId, ...watch, ownerUserId: 'u3' })).first).toMatchObject(refused);
    expect((await attach({ ...watch, role: Role.ROLE_CONTROL, create: true })).first).toMatchObject(refused);
    expect((await attach({ ...watch })).first).toMatchObject({ type: 'ended', cause: 'unknown' });
    expect(sessions.list()).toMatchObject([{ ownerUserId: 'u1', attachments: 2 }]);
  });

  it('does not own the session: the end of its right ends no shell, the end of the right of the owner does', async () => {
    const { attach, sessions, shells } = make();
    const { sessionId, attachment } = await attach();
    const watching = await attach({ sessionId, ...watch });
    sessions.end(sessionId, 'access_revoked', 'u2');
    sessions.endOwned('u2', 'user_disabled');
    watching.attachment?.receive(encodeUp({ type: 'detach', reason: 'revoked' }));
    expect(shells[0]?.signals).toEqual([]);
    expect(sessions.list()).toMatchObject([{ state: 'live', attachments: 1 }]);
    shells[0]?.events.onOutput(Buffer.from('on'));
    expect(attachment?.cursor.next).toBe(2);
    sessions.endOwned('u1', 'access_revoked');
    expect(shells[0]?.signals).toEqual(['hang up']);
  });

  it('does not keep a session alive whose owner has been away for 24 h', async () => {
    const { clock, attach, sessions, shells } = make();
    const { sessionId, attachment } = await attach();
    const watching = await attach({ sessionId, ...watch });
    attachment?.broken();
    clock.now += 12 * hour;
    watching.attachment?.broken();
    await attach({ sessionId, ...watch });
    clock.now += 12 * hour;
    sessions.tick();
    expect(shells[0]?.signals).toEqual([]);
    clock.now += 1;
    sessions.tick();
    expect(shells[0]?.signals).toEqual(['hang up']);
  });

  it('is not resized on behalf of another user', async () => {
    const { attach, sessions } = make();
    const viewerId = randomBytes(16);
    const { sessionId } = await attach({ viewerId });
    const size = { cols: 100, rows: 30 };
    sessions.resize(sessionId, viewerId, 'u2', size);
    expect(sessions.list()).toMatchObject([{ cols: 80, rows: 24 }]);
    sessions.resize(sessionId, viewerId, 'u1', size);
    expect(sessions.list()).toMatchObject([size]);
    // A hub of the previous version names no user.
    sessions.resize(sessionId, viewerId, '', { cols: 90, rows: 20 });
    expect(sessions.list()).toMatchObject([{ cols: 90, rows: 20 }]);
  });
});

describe('a session that has ended', () => {
  it('is kept for at most 10 minutes for viewers that have not received the end', async () => {
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

  it('is removed as soon as all attached viewers have received the end', async () => {
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

  it('is one of at most 32: the oldest are removed, because their rings use memory', async () => {
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
