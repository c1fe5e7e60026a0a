import { SizeMarks } from '@webxterm/stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { maxBacklog, Screen } from './screen.ts';
import { Screens } from './screens.ts';

const kib = 1024;
const marks = new SizeMarks({ cols: 20, rows: 5 });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A screen whose emulator draws only on request of the test. */
const make = () => {
  const fed: [number, number][] = [];
  const state = { drops: 0, takes: true };
  const screen = new Screen({
    feed: (offset, piece) => {
      if (state.takes) fed.push([offset, piece.length]);
      return state.takes;
    },
    ask: () => Promise.resolve({ offset: 0, kept: new Uint8Array(), cols: 1, rows: 1, state: new Uint8Array() }),
    drop: () => {
      state.drops += 1;
    },
    closed: () => {},
  });
  return { screen, fed, state };
};

describe('output that leaves a ring for the emulator', () => {
  it('goes in pieces of 64 KiB, the rest before a snapshot', async () => {
    const { screen, fed } = make();
    screen.evicted(0, new Uint8Array(100 * kib), marks);
    expect(fed).toEqual([[0, 64 * kib]]);
    await screen.snapshot();
    expect(fed).toEqual([
      [0, 64 * kib],
      [64 * kib, 36 * kib],
    ]);
  });

  it('is dropped when 4 MiB wait, and starts again at a line once they are drawn', async () => {
    const { screen, fed, state } = make();
    screen.evicted(0, new Uint8Array(maxBacklog), marks);
    expect(await screen.snapshot()).toBeDefined();
    screen.evicted(maxBacklog, new Uint8Array(64 * kib), marks);
    expect([state.drops, await screen.snapshot()]).toEqual([1, undefined]);
    const next = maxBacklog + 64 * kib;
    screen.evicted(next, bytes('a\nb'), marks);
    expect(await screen.snapshot()).toBeUndefined();
    screen.fed(maxBacklog);
    screen.evicted(next + 3, bytes('no line feed'), marks);
    screen.evicted(next + 15, bytes('end\nnew'), marks);
    expect(await screen.snapshot()).toBeDefined();
    expect(fed.at(-1)).toEqual([next + 19, 3]);
  });

  it('is dropped if there is no worker', async () => {
    const { screen, state } = make();
    state.takes = false;
    screen.evicted(0, new Uint8Array(64 * kib), marks);
    expect([state.drops, await screen.snapshot()]).toEqual([1, undefined]);
  });
});

// A long time limit, because the worker has a low priority and shares the processors with other tests.
describe('the worker of all screens', { timeout: 60_000 }, () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  it('draws for each session its own, and keeps nothing of a closed one', async () => {
    const screens = new Screens(pino({ level: 'silent' }));
    const [one, two] = [screens.open(), screens.open()];
    expect(await one.snapshot()).toBeUndefined();
    one.evicted(0, bytes('one'), marks);
    two.evicted(0, bytes('two'), marks);
    const text = async (screen: Screen): Promise<string> => new TextDecoder().decode((await screen.snapshot())?.state);
    expect([(await text(one)).includes('one'), (await text(two)).includes('two')]).toEqual([true, true]);
    one.close();
    expect(await two.snapshot()).toMatchObject({ offset: 3, cols: 20, rows: 5 });
    two.close();
    expect(await two.snapshot()).toBeUndefined();
  });

  const large = new SizeMarks({ cols: 1000, rows: 1000 });

  /** A screen that has drawn a line, and a second one whose output will end the worker. */
  const two = async (maxBufferBytes: number, stuckMs = 10_000) => {
    const ends: (() => void)[] = [];
    const screens = new Screens({ warn: () => ends.shift()?.() }, { stuckMs, maxBufferBytes });
    const [good, bad] = [screens.open(), screens.open()];
    good.evicted(0, bytes('lost\n'), marks);
    expect(await good.snapshot()).toMatchObject({ offset: 5 });
    return { good, bad, ended: () => new Promise<void>((resolve) => ends.push(resolve)) };
  };

  const drawsAgain = async (good: Screen): Promise<void> => {
    good.evicted(5, bytes('\nnew'), marks);
    expect(new TextDecoder().decode((await good.snapshot())?.state)).toContain('new');
  };

  it('is ended when a terminal takes too long, and then draws the other terminals again', async () => {
    const { good, bad, ended } = await two(1e9, 150);
    let isEnded = false;
    void ended().then(() => {
      isEnded = true;
    });
    bad.evicted(0, bytes(`\n${'\x1b[2J'.repeat(16 * kib)}`), large);
    const asked = good.snapshot();
    vi.advanceTimersByTime(3000);
    expect(await asked).toBeUndefined();
    // Moves the clock, too.
    await vi.waitFor(() => expect(isEnded, 'the worker has ended').toBe(true), { timeout: 50_000, interval: 50 });
    expect([await good.snapshot(), await bad.snapshot()]).toEqual([undefined, undefined]);
    bad.evicted(100 * kib, bytes('\nmore\n'), marks);
    expect(await bad.snapshot()).toBeDefined();
    await drawsAgain(good);
    good.close();
    bad.close();
  });

  it('is not ended while it waits for a processor, however long', async () => {
    const { good, bad, ended } = await two(1e9);
    let isEnded = false;
    void ended().then(() => {
      isEnded = true;
    });
    bad.evicted(0, bytes(`\n${'x'.repeat(64 * kib)}`), marks);
    for (let hours = 0; hours < 20; hours += 1) {
      vi.advanceTimersByTime(3_600_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await bad.snapshot()).toBeDefined();
    expect(isEnded).toBe(false);
    good.close();
    bad.close();
  });

  it('is ended when a terminal takes too much memory, draws the others again, and that one no more after three times', async () => {
    const { good, bad, ended } = await two(8e6);
    for (let time = 0; time < 3; time += 1) {
      const end = ended();
      bad.evicted(time * 100 * kib, bytes(`\n${'x'.repeat(64 * kib)}`), large);
      await end;
      expect([await good.snapshot(), await bad.snapshot()]).toEqual([undefined, undefined]);
    }
    bad.evicted(300 * kib, bytes('\nmore\n'), marks);
    expect(await bad.snapshot()).toBeUndefined();
    await drawsAgain(good);
    good.close();
    bad.close();
  });
});
