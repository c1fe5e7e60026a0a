import type { Participant } from '@webxterm/contracts/frames';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attach, make } from './testing/test-session.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Viewer = ReturnType<typeof attach>;

/** A session with a window of its owner and guests, who get the lists of participants. */
const shared = () => {
  const bench = make();
  const owner = attach(bench.session, 'o', { repaints: true });
  const guest = (viewerId: string, options: { role?: 'control' | 'view'; typesAlways?: boolean } = {}): Viewer =>
    attach(bench.session, viewerId, {
      userId: `guest ${viewerId}`,
      repaints: true,
      size: { cols: 40, rows: 10 },
      ...options,
    });
  return { ...bench, owner, guest };
};

const list = (viewer: Viewer): { you: number; participants: readonly Participant[] } => {
  vi.advanceTimersByTime(100);
  const frame = viewer.last('presence');
  if (frame?.type !== 'presence') throw new Error('no list was sent');
  return frame;
};
const flags = (viewer: Viewer): string[] =>
  list(viewer).participants.map(
    ({ number, name, owner, types, asks }) =>
      `${number} ${name}${owner ? ' owner' : ''}${types ? ' types' : ''}${asks ? ' asks' : ''}`,
  );

describe('a guest', () => {
  it('never sizes, drives or stalls the session: not by joining, typing, resizing, its empty input or its return', () => {
    const { shell, owner, guest, print } = shared();
    owner.send({ type: 'resize', cols: 100, rows: 30 });
    const sizes = [...shell.sizes];
    for (let n = 0; n < 10; n += 1) {
      const joined = guest(`g${n}`, { typesAlways: true });
      joined.type(0, 'x');
      joined.send({ type: 'resize', cols: 50 + n, rows: 20 });
      joined.send({ type: 'input', offset: 1, reply: false, earlier: false, payload: new Uint8Array() });
      guest(`g${n}`, { typesAlways: true }).attachment.broken();
    }
    expect(shell.typed).toBe('x'.repeat(10));
    expect(shell.sizes).toEqual(sizes);
    const slow = guest('slow', { typesAlways: true });
    slow.type(0, 'y');
    owner.send({ type: 'limit', acked: 0, limit: 4 * 1024 * 1024 });
    print(new Uint8Array(900 * 1024));
    expect(shell.paused).toBe(false);
    expect(owner.frames.filter(({ type }) => type === 'driver')).toEqual([]);
  });

  it('does not answer queries in place of the owner', () => {
    const { shell, guest } = shared();
    const joined = guest('g', { typesAlways: true });
    joined.type(0, '\x1b[0n', true);
    expect(shell.typed).toBe('');
  });

  it('who may only view is refused when it types', () => {
    const { shell, guest } = shared();
    const viewer = guest('g', { role: 'view' });
    viewer.type(0, 'x');
    expect(viewer.last('refused')).toMatchObject({ code: 'view_only' });
    expect(shell.typed).toBe('');
  });

  it('with control types once the owner lets it, until the owner types any key; dropped input counts as applied', () => {
    const { shell, owner, guest } = shared();
    const joined = guest('g');
    joined.type(0, 'no');
    expect(joined.last('input_ack')).toBeUndefined();
    vi.advanceTimersByTime(5);
    expect(joined.last('input_ack')).toMatchObject({ applied: 2 });
    joined.send({ type: 'ask_to_type', asks: true });
    expect(flags(owner)).toEqual(['1 u1 owner', '2 guest g asks']);
    owner.send({ type: 'give_typing', viewer: 2 });
    expect(flags(joined)).toEqual(['1 u1 owner', '2 guest g types']);
    joined.type(2, 'yes');
    owner.type(0, '\x1b[0n', true);
    joined.type(5, '!');
    expect(shell.typed).toBe('yes\x1b[0n!');
    owner.type(4, 'm');
    expect(flags(joined)).toEqual(['1 u1 owner types', '2 guest g']);
    joined.type(6, 'no');
    expect(shell.typed).toBe('yes\x1b[0n!m');
  });

  it('lets no guest type by itself, and cannot be allowed to with a view or a number that is not its own', () => {
    const { shell, owner, guest } = shared();
    const [one, view] = [guest('one'), guest('view', { role: 'view' })];
    one.send({ type: 'give_typing', viewer: 2 });
    owner.send({ type: 'give_typing', viewer: 3 });
    view.send({ type: 'ask_to_type', asks: true });
    expect(flags(owner)).toEqual(['1 u1 owner', '2 guest one', '3 guest view']);
    owner.send({ type: 'give_typing', viewer: 2 });
    owner.send({ type: 'give_typing', viewer: 99 });
    one.type(0, 'a');
    one.send({ type: 'detach', reason: 'left' });
    const again = guest('one');
    again.type(1, 'b');
    guest('other').type(0, 'c');
    expect(shell.typed).toBe('a');
    expect(list(again).you).toBe(2);
    owner.send({ type: 'give_typing', viewer: 2 });
    owner.send({ type: 'give_typing', viewer: 0 });
    again.type(2, 'd');
    expect(shell.typed).toBe('a');
  });

  it.each(['takes typing back', 'leaves', 'types'] as const)(
    'whose input waits for the terminal loses it: somebody %s',
    (end) => {
      const { shell, owner, guest } = shared();
      const joined = guest('g');
      owner.send({ type: 'give_typing', viewer: 2 });
      joined.type(0, 'a');
      shell.full = true;
      joined.type(1, 'rm -rf');
      if (end === 'leaves') joined.send({ type: 'detach', reason: 'revoked' });
      else if (end === 'types') owner.type(0, 'm');
      else owner.send({ type: 'give_typing', viewer: 0 });
      shell.full = false;
      vi.advanceTimersByTime(20);
      expect(shell.typed).toBe(end === 'types' ? 'am' : 'a');
    },
  );
});

describe('the list of participants', () => {
  it('is sent from the first guest on, in the order of joining, and after the last one has left', () => {
    const { session, owner, guest } = shared();
    attach(session, 'second window', { repaints: true });
    vi.advanceTimersByTime(1000);
    expect(owner.last('presence')).toBeUndefined();
    const joined = guest('g', { role: 'view' });
    expect(list(joined)).toMatchObject({
      you: 3,
      participants: [{ number: 1 }, { number: 2 }, { number: 3, control: false }],
    });
    joined.send({ type: 'detach', reason: 'left' });
    expect(flags(owner)).toEqual(['1 u1 owner', '2 u1 owner']);
    const count = owner.frames.length;
    attach(session, 'third window', { repaints: true });
    vi.advanceTimersByTime(1000);
    expect(owner.frames.length).toBe(count);
  });

  it('is sent at most every 100 ms, however often a guest asks; recorders and raw clients get none', () => {
    const { session, owner, guest } = shared();
    const raw = attach(session, 'raw');
    const recorder = attach(session, 'rec', { userId: 'recorder', role: 'record' });
    const joined = guest('g');
    vi.advanceTimersByTime(100);
    const before = owner.frames.length;
    for (let n = 0; n < 1001; n += 1) joined.send({ type: 'ask_to_type', asks: n % 2 === 0 });
    vi.advanceTimersByTime(100);
    expect(owner.frames.length).toBe(before + 1);
    expect(flags(owner)).toEqual(['1 u1 owner', '2 u1 owner', '3 guest g asks']);
    expect([raw.last('presence'), recorder.last('presence')]).toEqual([undefined, undefined]);
  });

  it('has names of at most 255 bytes', () => {
    const { session, owner } = shared();
    attach(session, 'g', { userId: '😀'.repeat(200), repaints: true });
    expect(Buffer.byteLength(list(owner).participants[1]?.name ?? '')).toBe(252);
  });
});
