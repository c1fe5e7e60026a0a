import { describe, expect, it, vi } from 'vitest';
import type { Foreground } from './session-kind.ts';
import { attach, make } from './testing/test-session.ts';

const minute = 60_000;
const hour = 60 * minute;
const limit = 8 * hour;
type Viewer = ReturnType<typeof attach>;

const inShell: Foreground = { state: 'shell', command: '', directory: '/' };
const program: Foreground = { state: 'program', command: 'vim', directory: '/' };
const carrier: Foreground = { state: 'carrier', command: 'ssh', directory: '/' };

/** A session that is looked at every minute. */
const bench = (made = make()) => {
  made.shell.foreground = inShell;
  const pass = (ms: number, limitMs: number | undefined = limit): void => {
    for (let spent = 0; spent < ms; spent += minute) {
      made.clock.now += minute;
      made.session.tick(limitMs);
    }
  };
  const ends = (): boolean => made.shell.signals.includes('hang up');
  return { ...made, pass, ends };
};

const warnings = (viewer: Viewer): number[] =>
  viewer.frames.flatMap((frame) => (frame.type === 'idle' ? [frame.endsInMs] : []));

describe('a session that is not used', () => {
  it('ends after the limit, and its viewers are warned 5 minutes before', () => {
    const { session, pass, ends, exit } = bench();
    const viewer = attach(session, 'a', { repaints: true });
    pass(limit - 6 * minute);
    expect(warnings(viewer)).toEqual([]);
    pass(minute);
    expect(viewer.last('idle')).toEqual({ type: 'idle', endsInMs: 5 * minute, limitSeconds: 8 * 3600 });
    pass(4 * minute);
    expect(ends()).toBe(false);
    pass(minute);
    expect(ends()).toBe(true);
    expect(warnings(viewer)).toHaveLength(1);
    exit(0);
    expect(session.result).toMatchObject({ cause: 'idle_timeout' });
    expect(viewer.last('ended')).toMatchObject({ cause: 'idle_timeout' });
  });

  it('goes on without a limit, and a session of plain bytes goes on with one', () => {
    const terminal = bench();
    terminal.pass(10 * limit, 100 * limit);
    terminal.session.tick();
    expect(terminal.ends()).toBe(false);
    const connection = bench(make('bytes'));
    connection.pass(10 * limit);
    expect(connection.ends()).toBe(false);
  });

  it('is warned for half of a limit below 10 minutes, and once the limit is set if it was unused for longer', () => {
    const short = bench();
    const viewer = attach(short.session, 'a', { repaints: true });
    short.pass(2 * minute, 4 * minute);
    expect(warnings(viewer)).toEqual([2 * minute]);
    const late = bench();
    const other = attach(late.session, 'a', { repaints: true });
    late.pass(100 * hour, 1000 * hour);
    late.pass(minute);
    expect([warnings(other), late.ends()]).toEqual([[5 * minute], false]);
    late.pass(5 * minute);
    expect(late.ends()).toBe(true);
  });

  it('reports to a viewer that comes during the warning, and to none that does not know the frame, or records', () => {
    const { session, pass } = bench();
    const recorder = attach(session, 'r', { repaints: true, role: 'record' });
    const raw = attach(session, 'raw');
    pass(limit - 3 * minute);
    expect(warnings(attach(session, 'back', { repaints: true, from: 0 }))).toEqual([3 * minute]);
    expect([warnings(recorder), warnings(raw)]).toEqual([[], []]);
  });
});

describe('a viewer that attaches again', () => {
  it('is warned by its newest attachment only, and no older one is kept', () => {
    const { session, pass } = bench();
    const older = Array.from({ length: 3 }, () => attach(session, 'a', { repaints: true, from: 0 }));
    const newest = attach(session, 'a', { repaints: true, from: 0 });
    const asked = older.map(({ attachment }) => vi.spyOn(attachment.outgoing, 'sendControl'));
    pass(limit - 5 * minute);
    expect(warnings(newest)).toEqual([5 * minute]);
    for (const sent of asked) expect(sent).not.toHaveBeenCalled();
  });
});

describe('the use of a session', () => {
  /** Passes the time up to the warning, uses the session, and passes the rest of the limit. */
  const lives = (use: (made: ReturnType<typeof bench>, viewer: Viewer) => void): boolean => {
    const made = bench();
    const viewer = attach(made.session, 'a', { repaints: true });
    made.pass(limit - minute);
    use(made, viewer);
    made.pass(minute);
    return !made.ends();
  };

  it('is a key, output, a new viewer, the button of the warning, and a program in the foreground', () => {
    expect(lives(() => {})).toBe(false);
    expect(lives((_made, viewer) => viewer.type(0, 'l'))).toBe(true);
    expect(lives((_made, viewer) => viewer.type(0, ''))).toBe(true);
    expect(lives(({ print }) => print('x'))).toBe(true);
    expect(lives(({ session }) => void attach(session, 'b', { repaints: true }))).toBe(true);
    expect(
      lives(({ shell }) => {
        shell.foreground = program;
      }),
    ).toBe(true);
  });

  it('is no reply of an emulator, no viewer that comes back, nothing of a guest who may not type, and no program in which another shell may run', () => {
    expect(lives((_made, viewer) => viewer.type(0, '\x1b[0n', true))).toBe(false);
    expect(lives(({ session }) => void attach(session, 'a', { repaints: true, from: 0 }))).toBe(false);
    const guest = (session: Parameters<typeof attach>[0]): Viewer =>
      attach(session, 'g', { repaints: true, userId: 'u2', from: 0 });
    expect(lives(({ session }) => guest(session).type(0, 'x'))).toBe(false);
    expect(lives(({ session }) => guest(session).type(0, ''))).toBe(false);
    // A guest who only watches could otherwise keep the shell of somebody else for ever, by opening it again and again.
    const opens = (more: { role?: 'view'; typesAlways?: boolean }) =>
      lives(({ session }) => void attach(session, 'g', { repaints: true, userId: 'u2', ...more }));
    expect([opens({}), opens({ role: 'view' }), opens({ typesAlways: true })]).toEqual([false, false, true]);
    expect(
      lives(({ shell }) => {
        shell.foreground = carrier;
      }),
    ).toBe(false);
  });

  it('is no prompt that the shell draws again for a new size', () => {
    const resize = ({ print, clock }: ReturnType<typeof bench>, viewer: Viewer, afterMs: number): void => {
      viewer.send({ type: 'resize', cols: 90, rows: 30 });
      clock.now += afterMs;
      print('$ ');
    };
    expect(lives((made, viewer) => resize(made, viewer, 2000))).toBe(false);
    expect(lives((made, viewer) => resize(made, viewer, 2001))).toBe(true);
  });

  it('takes the warning back, and the whole limit begins again', () => {
    const { session, pass, ends } = bench();
    const viewer = attach(session, 'a', { repaints: true });
    pass(limit - minute);
    viewer.type(0, 'x');
    expect(viewer.last('idle')).toMatchObject({ endsInMs: 0 });
    pass(limit - minute);
    expect(ends()).toBe(false);
    pass(minute);
    expect(ends()).toBe(true);
  });

  it('by a program is known for a minute at most after its end', () => {
    const { shell, pass, ends } = bench();
    shell.foreground = program;
    pass(limit + 3 * minute);
    shell.foreground = inShell;
    pass(limit - minute);
    expect(ends()).toBe(false);
    pass(minute);
    expect(ends()).toBe(true);
  });

  it('goes on counting in another agent process, and an earlier version can read the cause of the end', () => {
    const before = bench();
    before.pass(limit - 10 * minute);
    before.session.freeze(true);
    const handed = before.session.handOver(undefined);
    const after = bench(make('terminal', handed));
    after.pass(9 * minute);
    expect(after.ends()).toBe(false);
    after.pass(minute);
    expect(after.ends()).toBe(true);
    after.session.freeze(true);
    expect(after.session.handOver(undefined).cause).toBe('detach_timeout');
    after.exit(0);
    expect(after.session.handOver(undefined).process).toMatchObject({ state: 'ended', cause: 'detach_timeout' });
  });
});
