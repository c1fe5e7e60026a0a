import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputWindow } from './window.ts';

const kib = 1024;
const bounds = { first: 64 * kib, min: 16 * kib, max: 4096 * kib };

/** A viewer renders `rate` bytes per ms while the shell prints without a pause. @returns the final window */
const flood = (window: OutputWindow, rate: number, rtt: number, ms: number): number => {
  window.measuredRtt(rtt, 0);
  let rendered = 0;
  for (let now = 0; now < ms; now += 10) {
    // The most that the sender can have delivered: one window per round trip, and no faster than the viewer renders.
    rendered += Math.min(rate * 10, (window.size(now) / Math.max(rtt, 1)) * 10);
    window.acked(Math.floor(rendered), { limited: true, caughtUp: false }, now);
  }
  return window.size(ms);
};

describe('OutputWindow', () => {
  it('starts with the given size, and is larger for a distant viewer by its bandwidth-delay product', () => {
    const window = new OutputWindow(bounds);
    expect(window.size(0)).toBe(bounds.first);
    window.measuredRtt(50, 0);
    expect([window.size(0), window.inFlight(0)]).toEqual([2 * bounds.first, 0]);
    window.measuredRtt(10_000, 20_000);
    expect(window.size(20_000)).toBe(bounds.max);
  });

  it('keeps at most 50 ms and a round trip of output before a slow viewer', () => {
    const size = flood(new OutputWindow(bounds), 1000, 10, 2000);
    expect(size).toBeGreaterThan(1000 * 55);
    expect(size).toBeLessThan(1000 * 75);
  });

  it('grows for a fast distant viewer until the path is full', () => {
    expect(flood(new OutputWindow(bounds), 50_000, 50, 3000)).toBe(bounds.max);
  });

  it('shrinks to its minimum for a viewer that hardly renders', () => {
    expect(flood(new OutputWindow(bounds), 1, 1, 2000)).toBe(bounds.min);
  });

  it('does not change while the shell has no output', () => {
    const window = new OutputWindow(bounds);
    const before = flood(window, 50_000, 50, 3000);
    for (let key = 0; key < 200; key += 1) {
      const now = 3000 + key * 200;
      window.measuredRtt(50, now);
      window.acked(1e9 + key, { limited: false, caughtUp: true }, now);
    }
    expect(window.size(50_000)).toBe(before);
  });

  it('grows for a viewer that catches up after every piece, and is blocked only occasionally', () => {
    const window = new OutputWindow(bounds);
    window.measuredRtt(50, 0);
    let acked = 0;
    for (let now = 0; now < 3000; now += 50) {
      // A window arrives in ten pieces within a few ms, then nothing for the rest of the round trip.
      const piece = Math.floor(window.size(now) / 10);
      for (let part = 0; part < 10; part += 1) {
        acked += piece;
        window.acked(acked, { limited: part === 9, caughtUp: true }, now + part / 2);
      }
    }
    expect(window.size(3000)).toBe(bounds.max);
    expect(window.inFlight(3000)).toBeGreaterThan(bounds.max / 2);
  });

  it('ignores a pong that queued behind output', () => {
    const window = new OutputWindow(bounds);
    const before = flood(window, 1000, 5, 1000);
    window.measuredRtt(3000, 1000);
    expect(window.size(1000)).toBe(before);
    expect(window.rtt(1000)).toBe(5);
    expect(window.rtt(10_500)).toBe(3000);
  });

  it('uses the smallest round trip of the last 10 s, and after a silence the last one', () => {
    const window = new OutputWindow(bounds);
    expect(window.rtt(0)).toBe(0);
    window.measuredRtt(40, 0);
    window.measuredRtt(60, 1000);
    window.measuredRtt(50, 2000);
    expect([window.rtt(2000), window.rtt(10_000), window.rtt(10_001), window.rtt(12_000)]).toEqual([40, 40, 50, 50]);
    // The sample of 60 ms is older and larger than the last one, so it is never used again.
    expect(window.rtt(99_000)).toBe(50);
    window.measuredRtt(70, 99_000);
    expect(window.rtt(99_000)).toBe(70);
  });

  it('has a rate only after a round of 20 ms, or of the round trip, in which the sender was blocked', () => {
    const round = (rtt: number, ms: number, limited: boolean): number => {
      const window = new OutputWindow(bounds);
      if (rtt > 0) window.measuredRtt(rtt, 0);
      window.acked(0, { limited: false, caughtUp: false }, 0);
      window.acked(100_000, { limited, caughtUp: false }, ms);
      return window.size(ms);
    };
    expect([round(0, 19, true), round(0, 20, false)]).toEqual([bounds.first, bounds.first]);
    expect(round(40, 39, true)).toBe(Math.ceil((bounds.first / 50) * 90));
    expect(round(0, 20, true)).toBe(5000 * 50);
    expect(round(40, 40, true)).toBe(2500 * 90);
  });

  it('uses the largest of the last ten rounds, and no interrupted round', () => {
    const window = new OutputWindow(bounds);
    let acked = 0;
    let now = 0;
    const round = (bytes: number): void => {
      window.acked(acked, { limited: true, caughtUp: false }, now);
      acked += bytes;
      now += 20;
      window.acked(acked, { limited: true, caughtUp: false }, now);
    };
    round(40_000);
    const afterFast = window.size(now);
    expect(afterFast).toBe(2000 * 50);
    for (let slow = 0; slow < 9; slow += 1) round(20_000);
    expect([window.size(now), window.inFlight(now)]).toEqual([afterFast, 0]);
    window.measuredRtt(20, now);
    expect(window.inFlight(now)).toBe(2000 * 20);
    round(20_000);
    expect(window.size(now)).toBe(1000 * 70);
    // Bytes of another connection belong to no round.
    window.interrupted();
    window.acked(acked + 10_000_000, { limited: true, caughtUp: false }, now + 1);
    expect(window.size(now)).toBe(1000 * 70);
    window.interrupted();
    for (let fast = 0; fast < 3; fast += 1) round(1_000_000);
    expect(window.inFlight(now)).toBe(50_000 * 20);
    window.measuredRtt(1000, now + 20_000);
    expect(window.inFlight(now + 20_000)).toBe(bounds.max);
  });

  it('starts again after a pause of the shell, which a round trip is not', () => {
    const measured = (pause: number): number => {
      const window = new OutputWindow(bounds);
      window.acked(0, { limited: true, caughtUp: true }, 0);
      window.acked(0, { limited: true, caughtUp: true }, pause);
      window.acked(100_000, { limited: true, caughtUp: false }, pause + 20);
      return window.size(pause + 20);
    };
    // A pause of two rounds still counts into the first round. A longer one does not.
    expect(measured(19)).toBe(Math.ceil((100_000 / 39) * 50));
    expect(measured(1000)).toBe(5000 * 50);
  });

  it('stays within its bounds whatever is measured', () => {
    const step = fc.record({ ms: fc.nat(500), bytes: fc.nat(1e7), rtt: fc.nat(5000), limited: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const window = new OutputWindow(bounds);
        let now = 0;
        let acked = 0;
        for (const { ms, bytes, rtt, limited } of steps) {
          now += ms;
          acked += bytes;
          window.measuredRtt(rtt, now);
          window.acked(acked, { limited, caughtUp: !limited }, now);
          if (bytes % 7 === 0) window.interrupted();
          const size = window.size(now);
          expect(size).toBeGreaterThanOrEqual(bounds.min);
          expect(size).toBeLessThanOrEqual(bounds.max);
        }
      }),
    );
  });
});
