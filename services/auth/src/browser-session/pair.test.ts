import { BrowserHalf } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { bind, graceMs, newPair, pairHash, readPair, rotate, stateOf } from './pair.ts';

const at = new Date('2026-01-02T03:04:05Z');
const soon = at.getTime() + graceMs;
const first = newPair();
const second = newPair();
const third = newPair();
const bound = bind(first, 'the-sid', at);
const rotated = rotate(bound, first, second, 'the-sid', at);
const twice = rotate(rotated, second, third, 'the-sid', at);

describe("a browser's pair", () => {
  it('is two halves of 256 bits, and both are needed', () => {
    expect(BrowserHalf.safeParse(first.half).success).toBe(true);
    expect(readPair(first.cookie, first.half)).toEqual(first);
    expect(readPair(undefined, first.half)).toBeUndefined();
    expect(readPair(first.cookie, undefined)).toBeUndefined();
    expect(readPair(first.cookie, 'short')).toBeUndefined();
    expect(pairHash({ ...first, half: second.half })).not.toBe(pairHash(first));
  });

  it('in use gives the sign-in', () => {
    expect(stateOf(bound, first, soon)).toEqual({ state: 'current', sid: 'the-sid' });
    expect(stateOf(rotated, second, soon)).toEqual({ state: 'current', sid: 'the-sid' });
  });

  it('just rotated gives its successor, always the same one', () => {
    const expected = { state: 'just_rotated', successor: second, sid: 'the-sid' };
    expect(stateOf(rotated, first, soon)).toEqual(expected);
    expect(stateOf(rotated, first, soon)).toEqual(expected);
  });

  it('is detected as reused after the grace period, or a rotation too late', () => {
    expect(stateOf(rotated, first, soon + 1)).toEqual({ state: 'reused' });
    expect(stateOf(twice, first, at.getTime())).toEqual({ state: 'reused' });
    expect(stateOf(twice, second, soon)).toMatchObject({ state: 'just_rotated', successor: third });
  });

  it('of another browser, or mixed from two, is unknown', () => {
    expect(stateOf(twice, newPair(), soon)).toEqual({ state: 'unknown' });
    expect(stateOf(rotated, { cookie: first.cookie, half: second.half }, soon)).toEqual({ state: 'unknown' });
  });

  it('is stored without readable secrets', () => {
    const kept = JSON.stringify(twice);
    for (const secret of [first, second, third].flatMap((pair) => [pair.cookie, pair.half, 'the-sid']))
      expect(kept).not.toContain(secret);
  });
});
