import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenHoldMs, DriverTracker, silentHoldMs, stallSlack } from './driver-tracker.ts';

const ringSize = 1024 * 1024;
const opened = (limit = 1000): DriverTracker => {
  const driver = new DriverTracker(ringSize);
  driver.attach('opener', { acked: 0, limit }, 0);
  return driver;
};

describe('the driver', () => {
  it('is the viewer that opened the session, then the viewer that last typed', () => {
    const driver = opened();
    expect(driver.attach('other', { acked: 0, limit: 0 }, 1)).toEqual({ driver: false, withinHold: false });
    expect(driver.driver).toBe('opener');
    driver.typed('other', { acked: 0, limit: 0 }, 2);
    expect(driver.driver).toBe('other');
  });

  it('stays after a break or a leave, and re-attaching keeps it', () => {
    const driver = opened();
    driver.leave('opener', 'left', 5);
    expect(driver.driver).toBe('opener');
    expect(driver.attach('opener', { acked: 7, limit: 9 }, 6)).toEqual({ driver: true, withinHold: false });
  });
});

describe('the hold', () => {
  it('stalls when the head is 64 KiB beyond the limit', () => {
    const driver = opened(1000);
    expect(driver.mustStall(1000 + stallSlack - 1)).toBe(false);
    expect(driver.mustStall(1000 + stallSlack)).toBe(true);
    driver.progress('opener', { acked: 1000, limit: 5000 }, 1);
    expect(driver.mustStall(1000 + stallSlack)).toBe(false);
  });

  it('stalls before anything that is not acked leaves the ring, however large the limit', () => {
    const driver = opened(2 ** 40);
    expect(driver.mustStall(ringSize - stallSlack - 1)).toBe(false);
    expect(driver.mustStall(ringSize - stallSlack)).toBe(true);
  });

  it('lasts 15 s after a break, and its holder continues at its offset', () => {
    const driver = opened();
    driver.leave('opener', 'broken', 100);
    driver.expire(ringSize, 100 + brokenHoldMs - 1);
    expect(driver.mustStall(ringSize)).toBe(true);
    expect(driver.brokenHolder).toBe('opener');
    expect(driver.attach('opener', { acked: 0, limit: 1 }, 101).withinHold).toBe(true);
    driver.leave('opener', 'broken', 200);
    driver.expire(ringSize, 200 + brokenHoldMs);
    expect([driver.holds, driver.mustStall(ringSize), driver.driver]).toEqual([false, false, 'opener']);
  });

  it('ends at once when the driver leaves, is hidden, or another one drives', () => {
    const left = opened();
    left.leave('opener', 'left', 1);
    const hidden = opened();
    hidden.visible('opener', false, { acked: 0, limit: 0 }, 1);
    expect([left.holds, hidden.holds]).toEqual([false, false]);
    hidden.visible('opener', true, { acked: 0, limit: 0 }, 2);
    expect(hidden.holds).toBe(true);
    const passed = opened(0);
    passed.typed('other', { acked: 0, limit: 2 ** 30 }, 1);
    expect(passed.mustStall(stallSlack * 2)).toBe(false);
    passed.leave('opener', 'broken', 2);
    expect(passed.brokenHolder).toBeUndefined();
  });

  it('is lost by a driver that acks no output for 30 s, and is restored by an ack', () => {
    const driver = opened();
    driver.progress('opener', { acked: 10, limit: 1000 }, 0);
    driver.expire(10, 10 * silentHoldMs);
    expect(driver.holds).toBe(true); // nothing to ack
    driver.wrote(10, 10 * silentHoldMs);
    driver.expire(11, 11 * silentHoldMs - 1);
    expect(driver.holds).toBe(true);
    driver.expire(11, 11 * silentHoldMs);
    expect(driver.holds).toBe(false);
    driver.progress('opener', { acked: 11, limit: 1000 }, 12 * silentHoldMs);
    expect(driver.holds).toBe(true);
  });

  it('is not prolonged by acks without progress, by output while some is not acked, or by acks of other viewers', () => {
    const driver = opened();
    driver.wrote(0, 1000);
    driver.progress('other', { acked: 500, limit: 2 ** 30 }, 2000);
    driver.progress('opener', { acked: 0, limit: 2000 }, 2000);
    driver.wrote(100, 3000);
    driver.expire(200, 1000 + silentHoldMs - 1);
    expect([driver.holds, driver.mustStall(2000 + stallSlack - 1), driver.mustStall(2000 + stallSlack)]).toEqual([
      true,
      false,
      true,
    ]);
    driver.expire(200, 1000 + silentHoldMs);
    expect(driver.holds).toBe(false);
  });

  it('is prolonged by every ack with progress, and does not end while all output is acked', () => {
    const driver = opened();
    driver.progress('opener', { acked: 1, limit: 1000 }, silentHoldMs - 1);
    driver.expire(2, silentHoldMs);
    expect(driver.holds).toBe(true);
    driver.progress('opener', { acked: 2, limit: 1000 }, 2 * silentHoldMs);
    driver.expire(2, 5 * silentHoldMs);
    expect(driver.holds).toBe(true);
    driver.expire(3, 3 * silentHoldMs);
    expect(driver.holds).toBe(false);
  });

  it('belongs to a viewer that becomes the driver by typing: it stalls at its limit, and ends like any other', () => {
    const driver = opened();
    driver.typed('other', { acked: 0, limit: 10 }, 5);
    expect([driver.mustStall(10 + stallSlack - 1), driver.mustStall(10 + stallSlack)]).toEqual([false, true]);
    // Further typing of the driver does not move its hold.
    driver.typed('other', { acked: 0, limit: 2 ** 30 }, 6);
    expect(driver.mustStall(10 + stallSlack)).toBe(true);
    driver.leave('other', 'broken', 7);
    expect(driver.brokenHolder).toBe('other');
  });

  it('is restored by an ack or by being visible, and then stalls and lasts as before', () => {
    for (const way of ['ack', 'visible'] as const) {
      const driver = opened();
      driver.visible('opener', false, { acked: 0, limit: 0 }, 1);
      const progress = { acked: 0, limit: 10 };
      if (way === 'ack') driver.progress('opener', progress, 1000);
      else driver.visible('opener', true, progress, 1000);
      expect([driver.mustStall(10 + stallSlack - 1), driver.mustStall(10 + stallSlack)]).toEqual([false, true]);
      driver.expire(5, 1000 + silentHoldMs - 1);
      expect(driver.holds).toBe(true);
      driver.expire(5, 1000 + silentHoldMs);
      expect(driver.holds).toBe(false);
    }
  });

  it('does not change by being visible twice, and cannot be granted by another viewer', () => {
    const driver = opened(10);
    driver.visible('opener', true, { acked: 0, limit: 2 ** 30 }, 1);
    expect(driver.mustStall(10 + stallSlack)).toBe(true);
    driver.visible('other', false, { acked: 0, limit: 0 }, 2);
    expect(driver.holds).toBe(true);
    driver.leave('other', 'left', 3);
    expect(driver.holds).toBe(true);
  });

  it('after a break is not ended by the silence of its holder before its 15 s, and ends with the shell', () => {
    const driver = opened();
    driver.leave('opener', 'broken', silentHoldMs);
    driver.wrote(0, silentHoldMs);
    driver.expire(ringSize, silentHoldMs + brokenHoldMs - 1);
    expect(driver.brokenHolder).toBe('opener');
    driver.release();
    expect([driver.holds, driver.brokenHolder, driver.mustStall(2 ** 40)]).toEqual([false, undefined, false]);
    expect(stallSlack).toBe(65_536);
  });

  it('belongs to the driver alone, and a stall needs it, in any order of events', () => {
    const viewer = fc.constantFrom('a', 'b', 'c');
    const event = fc.tuple(
      fc.constantFrom('attach', 'typed', 'progress', 'hide', 'show', 'left', 'broken', 'expire'),
      viewer,
      fc.nat(3 * ringSize),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const driver = new DriverTracker(ringSize);
        let now = 0;
        for (const [kind, who, offset] of events) {
          now += 1000;
          const progress = { acked: offset, limit: offset + 1000 };
          const driverBefore = driver.driver;
          if (kind === 'attach') driver.attach(who, progress, now);
          else if (kind === 'typed') driver.typed(who, progress, now);
          else if (kind === 'progress') driver.progress(who, progress, now);
          else if (kind === 'hide' || kind === 'show') driver.visible(who, kind === 'show', progress, now);
          else if (kind === 'expire') driver.expire(offset, now);
          else driver.leave(who, kind, now);
          if (kind !== 'typed' && driverBefore !== undefined) expect(driver.driver).toBe(driverBefore);
          if (!driver.holds) expect(driver.mustStall(offset)).toBe(false);
          if (driver.holds) expect(driver.driver).toBeDefined();
        }
      }),
    );
  });
});

describe('a driver that continues in another process', () => {
  it('is kept for its driver as after a broken connection, with the hold if there was one', () => {
    const before = new DriverTracker(1_000_000);
    expect(before.current).toBeUndefined();
    before.attach('a', { acked: 5, limit: 100 }, 0);
    expect(before.current).toEqual({ driver: 'a', progress: { acked: 5, limit: 100 } });
    const after = new DriverTracker(1_000_000);
    if (before.current !== undefined) after.restore(before.current, 1000);
    expect([after.driver, after.brokenHolder, after.mustStall(100 + stallSlack)]).toEqual(['a', 'a', true]);
    after.expire(10, 1000 + brokenHoldMs);
    expect([after.driver, after.holds]).toEqual(['a', false]);
    const without = new DriverTracker(1_000_000);
    without.restore({ driver: 'b', progress: undefined }, 0);
    expect([without.driver, without.holds]).toEqual(['b', false]);
    expect(without.current).toEqual({ driver: 'b', progress: undefined });
  });
});
