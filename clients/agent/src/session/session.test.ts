import { frameType, maxInputFrame, maxOutputWindow, type UpFrame } from '@webxterm/contracts/frames';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { attach, make } from './testing/test-session.ts';

const mib = 1024 * 1024;

describe('attaching', () => {
  it('reports its offsets to the viewer before anything else', () => {
    const { session, print } = make();
    print('hello');
    const viewer = attach(session, 'a', { from: 2 });
    expect(viewer.frames[0]).toEqual({
      type: 'accepted',
      created: false,
      driver: true,
      offset: 2,
      head: 5,
      liveFrom: 5,
      inputApplied: 0,
      inputLimit: 256 * 1024,
      cols: 80,
      rows: 24,
    });
    expect(viewer.text()).toBe('llo');
  });

  it('applies the size of a driver, and reports it in the first frame', () => {
    const { session, shell } = make();
    const viewer = attach(session, 'a', { size: { cols: 132, rows: 50 } });
    expect(viewer.frames).toMatchObject([{ type: 'accepted', cols: 132, rows: 50 }]);
    expect(shell.sizes).toEqual([{ cols: 132, rows: 50 }]);
  });

  it('sends a gap to a viewer that is behind the ring', () => {
    const { session, print } = make();
    const viewer = attach(session, 'a');
    viewer.send({ type: 'detach', reason: 'left' });
    for (let n = 0; n < 40; n += 1) print(new Uint8Array(64 * 1024));
    const back = attach(session, 'a', { from: 100 });
    const tail = 40 * 64 * 1024 - mib;
    expect(back.frames.slice(0, 2)).toMatchObject([
      { type: 'accepted', offset: tail },
      { type: 'gap', from: 100, to: tail },
    ]);
  });

  it('accepts replies to queries from during a break from a driver that returns within its hold, and from no other viewer', () => {
    const { session, print, clock } = make();
    attach(session, 'a').attachment.broken();
    print('\x1b[6n');
    expect(attach(session, 'b', { from: 0 }).frames[0]).toMatchObject({ liveFrom: 4, driver: false });
    const back = attach(session, 'a', { from: 0 });
    expect(back.frames[0]).toMatchObject({ liveFrom: 0, driver: true });
    back.attachment.broken();
    clock.now += 15_000;
    session.tick();
    expect(attach(session, 'a', { from: 0 }).frames[0]).toMatchObject({ liveFrom: 4, driver: true });
  });
});

describe('a limit', () => {
  it('beyond the largest window counts as the largest window: the relays keep no more for one viewer', () => {
    const { session, print } = make();
    const viewer = attach(session, 'a');
    viewer.send({ type: 'limit', acked: 0, limit: 64 * mib });
    const printed = maxOutputWindow + mib;
    for (let n = 0; n < printed; n += 64 * 1024) print(new Uint8Array(64 * 1024));
    expect(viewer.text().length).toBe(maxOutputWindow);
    viewer.send({ type: 'limit', acked: mib, limit: 64 * mib });
    expect(viewer.text().length).toBe(printed);
  });
});

describe('driving', () => {
  it('passes to the viewer that types; the sizes of the others wait until they type', () => {
    const { session, shell } = make();
    const first = attach(session, 'a');
    const second = attach(session, 'b', { size: { cols: 100, rows: 40 } });
    second.send({ type: 'resize', cols: 101, rows: 41 });
    expect(shell.sizes).toEqual([]);
    second.type(0, 'x');
    expect(shell.sizes).toEqual([{ cols: 101, rows: 41 }]);
    expect(first.last('driver')).toEqual({ type: 'driver', driver: false, hold: false });
    expect(second.last('driver')).toEqual({ type: 'driver', driver: true, hold: true });
    expect(first.last('size')).toMatchObject({ cols: 101, rows: 41 });
  });

  it('passes to a viewer that sends empty input', () => {
    const { session, shell } = make();
    attach(session, 'a');
    const second = attach(session, 'b', { size: { cols: 100, rows: 40 } });
    second.type(7, '');
    expect([shell.sizes, shell.typed]).toEqual([[{ cols: 100, rows: 40 }], '']);
    expect(second.last('driver')).toMatchObject({ driver: true });
  });

  it('does not pass by a reply of an emulator; replies of other viewers are counted and not typed', () => {
    const { session, shell } = make();
    const first = attach(session, 'a');
    const second = attach(session, 'b');
    second.type(0, '\x1b[0n', true);
    first.type(0, '\x1b[0n', true);
    expect(shell.typed).toBe('\x1b[0n');
    expect(second.attachment.gate.applied).toBe(4);
    expect(second.last('driver')).toBeUndefined();
  });

  /** A viewer has rendered a command line, and then, at `now`, its program asked what the terminal is. */
  const askedAt = (now: number) => {
    const made = make();
    const viewer = attach(made.session, 'a');
    made.print('$ tmux attach\r\n');
    viewer.send({ type: 'limit', acked: 15, limit: mib });
    made.clock.now = now;
    made.print('\x1b[>c');
    return { ...made, viewer };
  };

  it('types no reply to a query that is over 4 s old', async () => {
    const { shell, print, clock, viewer } = askedAt(60_000);
    clock.now += 4000;
    viewer.type(0, '1', true);
    clock.now += 1;
    viewer.type(1, '2', true);
    expect([shell.typed, viewer.attachment.gate.applied]).toEqual(['1', 2]);
    // Typed keys are always accepted, and so is the reply to a newer query.
    viewer.type(2, 'k');
    await expect.poll(() => viewer.text()).toMatch(/c$/);
    viewer.send({ type: 'limit', acked: 19, limit: mib });
    viewer.type(3, '3', true);
    print('\x1b[>c');
    viewer.type(4, '4', true);
    expect(shell.typed).toBe('1k34');
  });

  it('types no reply to a query of before a break when the query is over 4 s old, and each reply to a newer one', () => {
    const { session, shell, print, clock, viewer } = askedAt(60_000);
    // Received, and not acknowledged. Later output does not make the query newer.
    clock.now += 3999;
    print('$ ');
    viewer.attachment.broken();
    const young = attach(session, 'a', { from: 21 });
    young.type(0, '1', true, true);
    clock.now += 2;
    young.type(1, '2', true, true);
    expect([shell.typed, young.attachment.gate.applied]).toEqual(['1', 2]);
    print('\x1b[>c');
    young.type(2, '3', true);
    young.type(3, 'k');
    expect(shell.typed).toBe('13k');
  });

  it('types no reply to a query of before a break when the last output that was received is over 4 s old, without a hold', () => {
    const { session, shell, print, clock } = make();
    const viewer = attach(session, 'a');
    print('\x1b[>c');
    viewer.attachment.broken();
    clock.now += 15_000;
    session.tick();
    print('$ ');
    const back = attach(session, 'a', { from: 4 });
    back.type(0, '1', true, true);
    expect([shell.typed, back.attachment.gate.applied]).toEqual(['', 1]);
  });

  it('stalls the shell until the driver allows more, but never for another viewer', () => {
    const { session, print, shell } = make();
    const driver = attach(session, 'a');
    const other = attach(session, 'b');
    print(new Uint8Array(128 * 1024));
    expect(shell.paused).toBe(true);
    other.send({ type: 'limit', acked: 0, limit: 2 * mib });
    expect(shell.paused).toBe(true);
    driver.send({ type: 'limit', acked: 64 * 1024, limit: mib });
    expect(shell.paused).toBe(false);
  });

  it('holds the shell for 15 s after a break, not after a leave', () => {
    const { session, print, shell, clock } = make();
    attach(session, 'a').attachment.broken();
    print(new Uint8Array(128 * 1024));
    session.tick();
    expect(shell.paused).toBe(true);
    clock.now += 15_000;
    session.tick();
    expect(shell.paused).toBe(false);
    const back = attach(session, 'a', { from: 0 });
    expect(shell.paused).toBe(true);
    back.send({ type: 'detach', reason: 'left' });
    expect([shell.paused, back.state.finished]).toEqual([false, true]);
  });
});

describe('input', () => {
  it('of a writer that attaches again is applied once', () => {
    const { session, shell } = make();
    attach(session, 'a').type(0, 'abc');
    const back = attach(session, 'a', { from: 0 });
    expect(back.frames[0]).toMatchObject({ inputApplied: 3 });
    back.type(0, 'abcde');
    expect(shell.typed).toBe('abcde');
  });

  it('of an unknown writer at an offset above 0 is reset', () => {
    const { session, shell } = make();
    const viewer = attach(session, 'a');
    viewer.type(7, 'x');
    expect(viewer.last('input_reset')).toEqual({ type: 'input_reset', applied: 0, limit: 256 * 1024 });
    expect(shell.typed).toBe('');
  });

  it('of a view, or beyond the limit, ends the attachment and only that', () => {
    const { session, shell } = make();
    const view = attach(session, 'v', { role: 'view' });
    view.type(0, 'x');
    expect(view.last('refused')).toMatchObject({ code: 'view_only' });
    session.attach({
      viewer: { userId: 'u1', viewerId: 'x', role: 'control' },
      created: false,
      from: undefined,
      size: undefined,
      repaints: false,
      transport: { send: () => undefined, finish: () => undefined },
    });
    const rude = attach(session, 'r');
    rude.type(0, 'ok');
    rude.attachment.receive(Uint8Array.of(0x7f));
    expect(rude.last('refused')).toMatchObject({ code: 'bad_request' });
    expect([shell.typed, session.attachmentCount]).toEqual(['ok', 1]);
  });
});

describe('the end', () => {
  it('follows the last byte, and is kept for viewers that attach later', () => {
    const { session, print, exit, ended } = make();
    const viewer = attach(session, 'a');
    print('x'.repeat(100_000));
    exit(3);
    expect(viewer.last('ended')).toBeUndefined();
    viewer.send({ type: 'limit', acked: 65_536, limit: 200_000 });
    expect(viewer.frames.at(-1)).toEqual({
      type: 'ended',
      finalOffset: 100_000,
      cause: 'shell_exit',
      exitCode: 3,
      signal: undefined,
    });
    expect([viewer.state.finished, ended.length, session.seenToTheEnd]).toEqual([true, 1, false]);
    viewer.send({ type: 'limit', acked: 100_000, limit: 300_000 });
    expect(session.seenToTheEnd).toBe(true);
    const late = attach(session, 'b', { from: 99_999 });
    expect(late.text()).toBe('x');
    expect(late.frames.at(-1)).toMatchObject({ type: 'ended', exitCode: 3 });
  });

  it('is caused by a hang-up; the first cause is kept', () => {
    const { session, shell, exit } = make();
    const viewer = attach(session, 'a');
    session.end('access_revoked');
    session.end('ended_by_user');
    expect(shell.signals[0]).toBe('hang up');
    exit(129);
    expect(viewer.last('ended')).toMatchObject({ cause: 'access_revoked' });
    expect(session.state).toEqual({ state: 'ended', cause: 'access_revoked' });
  });
});

describe('a session of plain bytes', () => {
  it('has no size: viewers receive 0 x 0, and their sizes are not applied', () => {
    const { session, shell, print } = make('bytes');
    const driver = attach(session, 'a', { size: { cols: 132, rows: 50 } });
    expect(driver.frames).toMatchObject([{ type: 'accepted', driver: true, cols: 0, rows: 0 }]);
    driver.send({ type: 'resize', cols: 100, rows: 30 });
    const other = attach(session, 'b', { size: { cols: 90, rows: 20 } });
    other.type(0, 'x');
    session.resizeFor({ viewerId: 'b', userId: 'u1' }, { cols: 91, rows: 21 });
    print('y');
    expect(shell.sizes).toEqual([]);
    expect(session.size).toEqual({ cols: 0, rows: 0 });
    expect([...driver.frames, ...other.frames].filter(({ type }) => type === 'size')).toEqual([]);
    expect(other.last('driver')).toMatchObject({ driver: true });
  });

  it('sends a gap to a late viewer that supports snapshots, and lets no viewer jump', () => {
    const { session, print } = make('bytes');
    const watcher = attach(session, 'w', { role: 'view', repaints: true });
    for (let n = 0; n < 40; n += 1) print(new Uint8Array(64 * 1024));
    const tail = 40 * 64 * 1024 - mib;
    const late = attach(session, 'a', { from: 0, repaints: true });
    expect(late.frames.slice(0, 2)).toMatchObject([
      { type: 'accepted', offset: tail },
      { type: 'gap', from: 0, to: tail },
    ]);
    watcher.send({ type: 'limit', acked: 0, limit: 4 * mib });
    expect([...late.frames, ...watcher.frames].filter(({ type }) => type === 'snapshot')).toEqual([]);
  });
});

describe('frames of unknown types', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  type Event = UpFrame | { type: 'print'; text: string };

  /** One driver's conversation with the session, and all its effects. */
  const converse = (events: readonly Event[]) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { session, shell, print, clock } = make();
    const viewer = attach(session, 'a', { repaints: true });
    let typed = 0;
    for (const event of events) {
      if (event.type === 'print') print(event.text);
      else viewer.send(event.type === 'input' ? { ...event, offset: typed } : event);
      if (event.type === 'input') typed += event.payload.length;
      if (event.type === 'unknown') continue;
      clock.now += 10;
      vi.advanceTimersByTime(10);
    }
    return { frames: viewer.frames, state: viewer.state, shell };
  };

  const size = fc.integer({ min: 1, max: 1000 });
  const u32 = fc.nat(0xffff_ffff);
  const event: fc.Arbitrary<Event> = fc.oneof<fc.Arbitrary<Event>[]>(
    fc.record({ type: fc.constant('print'), text: fc.string({ maxLength: 100_000 }) }),
    fc.record({
      type: fc.constant('input'),
      offset: fc.constant(0),
      reply: fc.boolean(),
      earlier: fc.boolean(),
      payload: fc.uint8Array({ minLength: 1, maxLength: 50 }),
    }),
    fc.record({ type: fc.constant('limit'), acked: fc.nat(1000), limit: fc.nat(500_000) }),
    fc.record({ type: fc.constant('resize'), cols: size, rows: size }),
    fc.record({ type: fc.constant('visible'), visible: fc.boolean() }),
    fc.record({ type: fc.constant('ping'), scope: fc.constantFrom('hop', 'path'), nonce: u32 }),
    fc.record({ type: fc.constant('snapshot_ack'), bytes: u32 }),
  );
  const knownTypes: ReadonlySet<number> = new Set(Object.values(frameType));
  const unknown: fc.Arbitrary<Event> = fc.record({
    type: fc.constant('unknown'),
    code: fc.integer({ min: 0x80, max: 0xff }).filter((code) => !knownTypes.has(code)),
    payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(maxInputFrame))),
  });

  it('that may be skipped change nothing, wherever they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.array(unknown, { maxLength: 3 })), { maxLength: 20 }),
        fc.array(unknown, { maxLength: 2 }),
        (conversation, first) => {
          const withUnknown = [...first, ...conversation.flatMap(([known, more]) => [known, ...more])];
          expect(converse(withUnknown)).toEqual(converse(conversation.map(([known]) => known)));
        },
      ),
    );
  });

  it('that may not be skipped end the attachment, and the refusal names the type', () => {
    const { session } = make();
    const viewer = attach(session, 'a');
    viewer.attachment.receive(Uint8Array.of(0x3f, 1, 2));
    expect(viewer.frames.at(-1)).toEqual({
      type: 'refused',
      code: 'bad_request',
      message: 'unknown frame type 0x3f',
    });
    expect(viewer.state.finished).toBe(true);
  });
});

describe('a hand-over', () => {
  it('continues output, sizes, applied input, the driver and the time without its owner', () => {
    const before = make();
    const viewer = attach(before.session, 'a', { size: { cols: 100, rows: 30 } });
    viewer.type(0, 'ls');
    before.print('first ');
    viewer.send({ type: 'limit', acked: 6, limit: mib });
    before.session.depart(viewer.attachment, 'broken');
    before.clock.now = 2000;
    before.session.freeze(true);
    const handed = before.session.handOver(undefined);
    expect(handed).toMatchObject({ head: 6, detachedForMs: 2000, process: { state: 'running', handed: { pid: 7 } } });

    const after = make('terminal', handed);
    expect(after.session.detachedFor(0)).toBe(2000);
    after.print('second');
    const other = attach(after.session, 'b');
    expect(other.frames[0]).toMatchObject({ driver: false });
    expect(other.text()).toBe('first second');
    const again = attach(after.session, 'a', { from: 6 });
    expect(again.frames[0]).toMatchObject({ driver: true, offset: 6, head: 12, inputApplied: 2, cols: 100, rows: 30 });
    expect(again.text()).toBe('second');
  });

  it('of an ended session keeps its result and its age, and does not end it again', () => {
    const before = make();
    before.print('last words');
    before.exit(3);
    before.clock.now = 5000;
    const after = make('terminal', before.session.handOver(undefined));
    expect(after.session.state).toEqual({ state: 'ended', cause: 'shell_exit' });
    expect(after.session.endedFor(0)).toBe(5000);
    const late = attach(after.session, 'a');
    expect(late.text()).toBe('last words');
    expect(late.last('ended')).toMatchObject({ exitCode: 3, finalOffset: 10, cause: 'shell_exit' });
  });
});
