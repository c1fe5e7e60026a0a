import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenHoldMs, DriverSeat, silentHoldMs, stallSlack } from './driver-seat.ts';

const ringSize = 1024 * 1024;
const opened = (limit = 1000): DriverSeat => {
  const seat = new DriverSeat(ringSize);
  seat.attach('opener', { acked: 0, limit }, 0);
  return seat;
};

describe('who drives', () => {
  it('is who opened the session, then who last typed', () => {
    const seat = opened();
    expect(seat.attach('other', { acked: 0, limit: 0 }, 1)).toEqual({ driver: false, withinHold: false });
    expect(seat.driver).toBe('opener');
    seat.typed('other', { acked: 0, limit: 0 }, 2);
    expect(seat.driver).toBe('other');
  });

  it('stays after a break or a leave, and re-attaching keeps it', () => {
    const seat = opened();
    seat.leave('opener', 'left', 5);
    expect(seat.driver).toBe('opener');
    expect(seat.attach('opener', { acked: 7, limit: 9 }, 6)).toEqual({ driver: true, withinHold: false });
  });
});

describe('the hold', () => {
  it('stalls when the head is 64 KiB beyond the limit', () => {
    const seat = opened(1000);
    expect(seat.mustStall(1000 + stallSlack - 1)).toBe(false);
    expect(seat.mustStall(1000 + stallSlack)).toBe(true);
    seat.progress('opener', { acked: 1000, limit: 5000 }, 1);
    expect(seat.mustStall(1000 + stallSlack)).toBe(false);
  });

  it('stalls before anything that is not acked leaves the ring, however large the limit', () => {
    const seat = opened(2 ** 40);
    expect(seat.mustStall(ringSize - stallSlack - 1)).toBe(false);
    expect(seat.mustStall(ringSize - stallSlack)).toBe(true);
  });

  it('outlives a break by 15 s, and its holder comes back to where it was', () => {
    const seat = opened();
    seat.leave('opener', 'broken', 100);
    seat.expire(ringSize, 100 + brokenHoldMs - 1);
    expect(seat.mustStall(ringSize)).toBe(true);
    expect(seat.brokenHolder).toBe('opener');
    expect(seat.attach('opener', { acked: 0, limit: 1 }, 101).withinHold).toBe(true);
    seat.leave('opener', 'broken', 200);
    seat.expire(ringSize, 200 + brokenHoldMs);
    expect([seat.holds, seat.mustStall(ringSize), seat.driver]).toEqual([false, false, 'opener']);
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

  it('is lost by a driver that acks nothing of the output for 30 s, and comes back with an ack', () => {
    const seat = opened();
    seat.progress('opener', { acked: 10, limit: 1000 }, 0);
    seat.expire(10, 10 * silentHoldMs);
    expect(seat.holds).toBe(true); // nothing to ack
    seat.wrote(10, 10 * silentHoldMs);
    seat.expire(11, 11 * silentHoldMs - 1);
    expect(seat.holds).toBe(true);
    seat.expire(11, 11 * silentHoldMs);
    expect(seat.holds).toBe(false);
    seat.progress('opener', { acked: 11, limit: 1000 }, 12 * silentHoldMs);
    expect(seat.holds).toBe(true);
  });

  it('is not prolonged by acks that move nothing, nor by output while some is not acked, nor by what others ack', () => {
    const seat = opened();
    seat.wrote(0, 1000);
    seat.progress('other', { acked: 500, limit: 2 ** 30 }, 2000);
    seat.progress('opener', { acked: 0, limit: 2000 }, 2000);
    seat.wrote(100, 3000);
    seat.expire(200, 1000 + silentHoldMs - 1);
    expect([seat.holds, seat.mustStall(2000 + stallSlack - 1), seat.mustStall(2000 + stallSlack)]).toEqual([
      true,
      false,
      true,
    ]);
    seat.expire(200, 1000 + silentHoldMs);
    expect(seat.holds).toBe(false);
  });

  it('is prolonged by every ack that moves, and does not end while nothing is left to ack', () => {
    const seat = opened();
    seat.progress('opener', { acked: 1, limit: 1000 }, silentHoldMs - 1);
    seat.expire(2, silentHoldMs);
    expect(seat.holds).toBe(true);
    seat.progress('opener', { acked: 2, limit: 1000 }, 2 * silentHoldMs);
    seat.expire(2, 5 * silentHoldMs);
    expect(seat.holds).toBe(true);
    seat.expire(3, 3 * silentHoldMs);
    expect(seat.holds).toBe(false);
  });

  it('is had by a viewer that takes the seat by typing: it stalls at its limit, and breaks as any', () => {
    const seat = opened();
    seat.typed('other', { acked: 0, limit: 10 }, 5);
    expect([seat.mustStall(10 + stallSlack - 1), seat.mustStall(10 + stallSlack)]).toEqual([false, true]);
    // Further typing of the driver does not move its hold.
    seat.typed('other', { acked: 0, limit: 2 ** 30 }, 6);
    expect(seat.mustStall(10 + stallSlack)).toBe(true);
    seat.leave('other', 'broken', 7);
    expect(seat.brokenHolder).toBe('other');
  });

  it('comes back with an ack or with being visible, and then stalls and lasts as before', () => {
    for (const way of ['ack', 'visible'] as const) {
      const seat = opened();
      seat.visible('opener', false, { acked: 0, limit: 0 }, 1);
      const progress = { acked: 0, limit: 10 };
      if (way === 'ack') seat.progress('opener', progress, 1000);
      else seat.visible('opener', true, progress, 1000);
      expect([seat.mustStall(10 + stallSlack - 1), seat.mustStall(10 + stallSlack)]).toEqual([false, true]);
      seat.expire(5, 1000 + silentHoldMs - 1);
      expect(seat.holds).toBe(true);
      seat.expire(5, 1000 + silentHoldMs);
      expect(seat.holds).toBe(false);
    }
  });

  it('does not move by being visible twice, and cannot be given by another', () => {
    const seat = opened(10);
    seat.visible('opener', true, { acked: 0, limit: 2 ** 30 }, 1);
    expect(seat.mustStall(10 + stallSlack)).toBe(true);
    seat.visible('other', false, { acked: 0, limit: 0 }, 2);
    expect(seat.holds).toBe(true);
    seat.leave('other', 'left', 3);
    expect(seat.holds).toBe(true);
  });

  it('that is broken is not ended by the silence of its holder before its 15 s, and ends with the shell', () => {
    const seat = opened();
    seat.leave('opener', 'broken', silentHoldMs);
    seat.wrote(0, silentHoldMs);
    seat.expire(ringSize, silentHoldMs + brokenHoldMs - 1);
    expect(seat.brokenHolder).toBe('opener');
    seat.release();
    expect([seat.holds, seat.brokenHolder, seat.mustStall(2 ** 40)]).toEqual([false, undefined, false]);
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
        const seat = new DriverSeat(ringSize);
        let now = 0;
        for (const [kind, who, offset] of events) {
          now += 1000;
          const progress = { acked: offset, limit: offset + 1000 };
          const driverBefore = seat.driver;
          if (kind === 'attach') seat.attach(who, progress, now);
          else if (kind === 'typed') seat.typed(who, progress, now);
          else if (kind === 'progress') seat.progress(who, progress, now);
          else if (kind === 'hide' || kind === 'show') seat.visible(who, kind === 'show', progress, now);
          else if (kind === 'expire') seat.expire(offset, now);
          else seat.leave(who, kind, now);
          if (kind !== 'typed' && driverBefore !== undefined) expect(seat.driver).toBe(driverBefore);
          if (!seat.holds) expect(seat.mustStall(offset)).toBe(false);
          if (seat.holds) expect(seat.driver).toBeDefined();
        }
      }),
    );
  });
});

describe('a seat that continues in another process', () => {
  it('is kept for its driver as after a broken connection, with the hold if there was one', () => {
    const before = new DriverSeat(1_000_000);
    expect(before.taken).toBeUndefined();
    before.attach('a', { acked: 5, limit: 100 }, 0);
    expect(before.taken).toEqual({ driver: 'a', progress: { acked: 5, limit: 100 } });
    const after = new DriverSeat(1_000_000);
    if (before.taken !== undefined) after.restore(before.taken, 1000);
    expect([after.driver, after.brokenHolder, after.mustStall(100 + stallSlack)]).toEqual(['a', 'a', true]);
    after.expire(10, 1000 + brokenHoldMs);
    expect([after.driver, after.holds]).toEqual(['a', false]);
    const without = new DriverSeat(1_000_000);
    without.restore({ driver: 'b', progress: undefined }, 0);
    expect([without.driver, without.holds]).toEqual(['b', false]);
    expect(without.taken).toEqual({ driver: 'b', progress: undefined });
  });
});
