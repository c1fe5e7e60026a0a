import { AppError, hashSid } from '@webxterm/shared';
import { describe, expect, it } from 'vitest';
import { OpenTerminals } from './registry.ts';

const enter = (open: OpenTerminals, userId = 'ada', sid = 'sid-1') => {
  const ends: string[] = [];
  const seat = open.enter({ userId, sid });
  seat.onEnd((why) => ends.push(why));
  return { ...seat, ends };
};

const maxPerUser = 3;

describe('OpenTerminals', () => {
  it('ends the older terminal of the same viewer, and nobody else’s', () => {
    const open = new OpenTerminals(maxPerUser);
    const [first, second, other] = [enter(open), enter(open), enter(open, 'bob')];
    for (const terminal of [first, other, second]) terminal.attachAs('s', 'v');
    expect([first.ends, second.ends, other.ends]).toEqual([['displaced'], [], []]);
    first.leave();
    enter(open).attachAs('s', 'v');
    expect(second.ends).toEqual(['displaced']);
  });

  it('ends what belongs to a sign-in', () => {
    const open = new OpenTerminals(maxPerUser);
    const [mine, elsewhere] = [enter(open, 'ada', 'a'), enter(open, 'ada', 'b')];
    open.endSignin(hashSid('a'));
    expect([mine.ends, elsewhere.ends]).toEqual([['signed_out'], []]);
  });

  it('ends one whose sign-in ended before it was listening', () => {
    const open = new OpenTerminals(maxPerUser);
    const seat = open.enter({ userId: 'ada', sid: 'a' });
    open.endSignin(hashSid('a'));
    const ends: string[] = [];
    seat.onEnd((why) => ends.push(why));
    expect(ends).toEqual(['signed_out']);
  });

  it('bounds what one user has open, and frees a place once', () => {
    const open = new OpenTerminals(maxPerUser);
    const seats = Array.from({ length: maxPerUser }, () => enter(open));
    expect(() => enter(open)).toThrow(AppError);
    expect(() => enter(open, 'bob')).not.toThrow();
    seats[0]?.leave();
    seats[0]?.leave();
    enter(open);
    expect(() => enter(open)).toThrow(AppError);
    expect(open.size).toBe(maxPerUser + 1);
  });
});
