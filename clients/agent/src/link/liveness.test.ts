import { describe, expect, it } from 'vitest';
import { Liveness } from './liveness.ts';

describe('liveness', () => {
  it('pings once after 2 s of silence and gives up after 4', () => {
    const liveness = new Liveness(2000, 4000, 0);
    const steps = [500, 1000, 1500, 2000, 2500, 3000, 3500, 4000].map((now) => liveness.check(now));
    expect(steps).toEqual(['fine', 'fine', 'fine', 'ping', 'fine', 'fine', 'fine', 'dead']);
  });

  it('accepts any byte as a sign of life', () => {
    const liveness = new Liveness(2000, 4000, 0);
    for (let now = 500; now < 20_000; now += 500) {
      liveness.received(now);
      expect(liveness.check(now)).toBe('fine');
    }
  });

  it('does not count its own suspension as silence of the peer', () => {
    const liveness = new Liveness(2000, 4000, 0);
    expect(liveness.check(60_000)).toBe('ping');
    expect(liveness.check(61_500)).toBe('fine');
    expect(liveness.check(62_000)).toBe('dead');
  });
});
