import type { RecordingChunk } from '@webxterm/contracts/rest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Playback, type PlaybackState } from './playback.ts';
import { chunkOf } from './testing/chunk-of.ts';

const chunkMs = 1000;

/** Chunk n has a size, and two letters: one at its beginning, and one half a second later. */
const chunkAt = (n: number): Uint8Array =>
  chunkOf(
    { type: 'size', offset: 2 * n, cols: 80, rows: 24 },
    {
      type: 'times',
      marks: [
        { offset: 2 * n, ms: n * chunkMs },
        { offset: 2 * n + 1, ms: n * chunkMs + 500 },
      ],
    },
    { type: 'output', offset: 2 * n, payload: new TextEncoder().encode(`${'abcdefghij'[n]}${'ABCDEFGHIJ'[n]}`) },
  );

const entry = (n: number): RecordingChunk => ({
  n,
  from: 2 * n,
  to: 2 * n + 2,
  ms_from: n * chunkMs,
  ms_to: n * chunkMs + 500,
  cols: 80,
  rows: 24,
  size: 100,
});

/** A recording of `count` chunks, of which the index lists two at a time, and a screen that keeps the text. */
const recording = (
  count: number,
  options: { follows?: boolean; broken?: number; keyframes?: readonly number[] } = {},
) => {
  const world = {
    count,
    shown: '',
    resets: 0,
    fetched: [] as number[],
    keyframes: [] as number[],
    states: [] as PlaybackState[],
  };
  const playback = new Playback(
    {
      index: (first) => {
        const chunks = Array.from({ length: Math.min(2, world.count - first) }, (_, at) => entry(first + at));
        return Promise.resolve({ chunks, more: first + chunks.length < world.count });
      },
      chunk: (n) => {
        world.fetched.push(n);
        return n === options.broken ? Promise.reject(new Error('changed')) : Promise.resolve(chunkAt(n));
      },
      keyframes: () => Promise.resolve(options.keyframes ?? []),
      keyframe: (n) => {
        world.keyframes.push(n);
        const payload = new TextEncoder().encode(`<${n}>`);
        return Promise.resolve(
          chunkOf(
            { type: 'size', offset: 2 * n, cols: 80, rows: 24 },
            { type: 'snapshot', offset: 2 * n, last: true, payload },
            { type: 'output', offset: 2 * n - 1, payload: new TextEncoder().encode('+') },
          ),
        );
      },
    },
    {
      draw: (part) => {
        world.shown += new TextDecoder().decode(part);
      },
      reset: () => {
        world.shown = '';
        world.resets += 1;
      },
      output: (bytes, rendered) => {
        world.shown += new TextDecoder().decode(bytes);
        rendered();
      },
      size: () => {},
      gap: () => {},
    },
    (state) => world.states.push(state),
    { follows: options.follows ?? false },
  );
  playback.skipsIdle = false;
  return { playback, world, last: () => world.states.at(-1) };
};

// The time of the page is moved by hand: what is shown then is exact.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('a recording that is played', () => {
  it('shows each output at its time, fetches chunks ahead by one only, and ends', async () => {
    const { playback, world, last } = recording(5);
    void playback.start(0, true);
    await pass(400);
    expect([world.shown, world.fetched]).toEqual(['a', [0, 1]]);
    await pass(2200);
    expect(world.shown).toBe('aAbBcC');
    await pass(3000);
    expect([world.shown, last()?.state, last()?.ms]).toEqual(['aAbBcCdDeE', 'ended', 4500]);
    playback.dispose();
  });

  it('waits while it is paused, and plays at another speed', async () => {
    const { playback, world, last } = recording(5);
    void playback.start(0, true);
    await pass(100);
    playback.pause();
    await pass(10_000);
    expect([world.shown, last()?.state]).toEqual(['a', 'paused']);
    playback.speed = 4;
    playback.play();
    await pass(400);
    expect(world.shown).toBe('aAbB');
    playback.dispose();
  });

  it('shows the screen of a moment after a jump in both directions, and of the last of several jumps', async () => {
    const { playback, world, last } = recording(9);
    void playback.start(2600, false);
    await pass(50);
    expect([world.shown, last()?.state, last()?.ms]).toEqual(['aAbBcC', 'paused', 2600]);
    await playback.seek(7100);
    expect([world.shown, world.resets]).toEqual(['aAbBcCdDeEfFgGh', 1]);
    await playback.seek(600);
    expect([world.shown, world.resets]).toEqual(['aA', 2]);
    const jumps = [8200, 100, 3600, 1200].map((ms) => playback.seek(ms));
    await Promise.all(jumps);
    await pass(50);
    expect([world.shown, last()?.ms, last()?.state]).toEqual(['aAb', 1200, 'paused']);
    playback.dispose();
  });

  it('begins at the keyframe before a moment, and reads no chunk before it', async () => {
    const { playback, world, last } = recording(9, { keyframes: [0, 3, 6] });
    void playback.start(7100, false);
    await pass(50);
    expect([world.shown, world.keyframes, world.fetched, last()?.ms]).toEqual(['<6>+gGh', [6], [6, 7], 7100]);
    await playback.seek(7600);
    // Forward without a keyframe between: the screen goes on.
    expect([world.shown, world.keyframes]).toEqual(['<6>+gGhH', [6]]);
    await playback.seek(4200);
    expect([world.shown, world.keyframes]).toEqual(['<3>+dDe', [6, 3]]);
    await playback.seek(6000);
    expect([world.shown, world.keyframes]).toEqual(['<6>+g', [6, 3, 6]]);
    await playback.seek(2600);
    expect([world.shown, last()?.ms]).toEqual(['aAbBcC', 2600]);
    await Promise.all([playback.seek(6100), playback.seek(3100)]);
    expect([world.shown, last()?.ms]).toEqual(['aAbBcCd', 3100]);
    playback.dispose();
  });

  it('shortens long pauses, by choice', async () => {
    const { playback, world } = recording(5);
    playback.speed = 0.1;
    playback.skipsIdle = true;
    void playback.start(0, true);
    // At a tenth of the speed the half second lasts 5 s; without the pauses 1 s.
    await pass(1300);
    expect(world.shown.startsWith('aA')).toBe(true);
    playback.dispose();
  });

  it('goes on with what is recorded meanwhile', async () => {
    const { playback, world, last } = recording(2, { follows: true });
    void playback.start(0, true);
    await pass(3000);
    expect(world.shown).toBe('aAbB');
    world.count = 3;
    await pass(5000);
    expect([world.shown, last()?.durationMs, last()?.state]).toEqual(['aAbBcC', 2500, 'playing']);
    // It ends while it is followed, with one chunk more.
    world.count = 4;
    playback.follows = false;
    await pass(5000);
    expect([world.shown, last()?.state]).toEqual(['aAbBcCdD', 'ended']);
    playback.dispose();
  });

  it('shows what was recorded after the index was read, if the recording ends before that is shown', async () => {
    const { playback, world, last } = recording(2, { follows: true });
    void playback.start(0, true);
    await pass(100);
    world.count = 3;
    playback.follows = false;
    await pass(5000);
    expect([world.shown, last()?.state]).toEqual(['aAbBcC', 'ended']);
    playback.dispose();
  });

  it('fails with the reason at a chunk that cannot be read', async () => {
    const { playback, world, last } = recording(5, { broken: 2 });
    void playback.start(0, true);
    await pass(5000);
    expect([world.shown, last()?.state, last()?.error?.message]).toEqual(['aAbB', 'failed', 'changed']);
    playback.dispose();
  });
});
