import { AppError } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import { describe, expect, it } from 'vitest';
import { OpenTerminals, type TerminalBounds } from './open-terminals.ts';

const enter = (open: OpenTerminals, userId = 'ada', sid = 'sid-1') => {
  const ends: string[] = [];
  const slot = open.enter({ userId, sid });
  slot.onEnd((why) => ends.push(why));
  return { ...slot, ends };
};

const maxPerUser = 3;
const bounded = (more: Partial<TerminalBounds> = {}): OpenTerminals =>
  new OpenTerminals({ perUser: maxPerUser, heldPerUser: 1000, elsewhere: () => 0, changed: () => {}, ...more });

describe('OpenTerminals', () => {
  it('ends the older terminal of the same viewer, and nobody else’s', () => {
    const open = bounded();
    const [first, second, other] = [enter(open), enter(open), enter(open, 'bob')];
    for (const terminal of [first, other, second]) terminal.attachAs('s', 'v');
    expect([first.ends, second.ends, other.ends]).toEqual([['displaced'], [], []]);
    first.leave();
    enter(open).attachAs('s', 'v');
    expect(second.ends).toEqual(['displaced']);
  });

  it('ends the terminals of a sign-in', () => {
    const open = bounded();
    const [mine, elsewhere] = [enter(open, 'ada', 'a'), enter(open, 'ada', 'b')];
    open.endSignin(hashSid('a'), 'signed_out');
    expect([mine.ends, elsewhere.ends]).toEqual([['signed_out'], []]);
  });

  it('ends a terminal whose sign-in ended before it was registered', () => {
    const open = bounded();
    const slot = open.enter({ userId: 'ada', sid: 'a' });
    open.endSignin(hashSid('a'), 'signed_out');
    const ends: string[] = [];
    slot.onEnd((why) => ends.push(why));
    expect(ends).toEqual(['signed_out']);
  });

  it('bounds the open terminals of one user, and frees a place once', () => {
    const open = bounded();
    const slots = Array.from({ length: maxPerUser }, () => enter(open));
    expect(() => enter(open)).toThrow(AppError);
    expect(() => enter(open, 'bob')).not.toThrow();
    slots[0]?.leave();
    slots[0]?.leave();
    enter(open);
    expect(() => enter(open)).toThrow(AppError);
    expect(open.size).toBe(maxPerUser + 1);
  });

  it('counts the terminals of a user at other instances, but not against a returning viewer', () => {
    const reported: [string, number][] = [];
    const open = bounded({
      elsewhere: (userId) => (userId === 'ada' ? 2 : 0),
      changed: (...change) => void reported.push(change),
    });
    const first = enter(open);
    expect(() => enter(open)).toThrow('You have 3 terminals open');
    const back = open.enter({ userId: 'ada', sid: 'sid-1' }, true);
    expect(open.counts()).toEqual([['ada', 2]]);
    first.leave();
    back.leave();
    expect(reported).toEqual([
      ['ada', 1],
      ['ada', 2],
      ['ada', 1],
      ['ada', 0],
    ]);
  });

  it('ends the terminal with most buffered output if those of a user exceed the limit, and frees that of a closed one', () => {
    const open = bounded();
    const [first, second, third] = [enter(open), enter(open), enter(open, 'bob')];
    first.holds(600);
    third.holds(900);
    second.holds(400);
    expect([first.ends, second.ends]).toEqual([[], []]);
    second.holds(401);
    expect([first.ends, second.ends, third.ends]).toEqual([['stalled'], [], []]);
    first.leave();
    first.holds(5000);
    second.holds(1000);
    expect(second.ends).toEqual([]);
    second.holds(1001);
    second.holds(1002);
    expect(second.ends).toEqual(['stalled']);
  });
});
