import { describe, expect, it } from 'vitest';
import { deadHubGraceMs, OnlineRule } from './online.ts';

const at = (hub_id: string, hubAlive: boolean) => ({ presence: { hub_id }, hubAlive });

describe('an agent counts as online', () => {
  it('while its hub is alive', () => {
    const rule = new OnlineRule();
    expect(rule.isOnline(at('h', true), 0)).toBe(true);
    expect(rule.isOnline(undefined, 0)).toBe(false);
  });

  it('for 60 s after its hub died, so that the status is stable while agents reconnect', () => {
    const rule = new OnlineRule();
    rule.hubChanged('h', true, 0);
    rule.hubChanged('h', false, 1000);
    expect(rule.isOnline(at('h', false), 1000 + deadHubGraceMs - 1)).toBe(true);
    expect(rule.isOnline(at('h', false), 1000 + deadHubGraceMs)).toBe(false);
  });

  it('not by an entry whose hub had died before this hub started', () => {
    expect(new OnlineRule().isOnline(at('h', false), 0)).toBe(false);
    expect(new OnlineRule().isOnline(at('h', false), -1)).toBe(false);
  });

  it('not by a grace period of an earlier loss of a hub that has returned', () => {
    const rule = new OnlineRule();
    rule.hubChanged('h', false, 0);
    rule.hubChanged('h', true, 10_000);
    // Its lease is not known any more, and nobody has seen it end.
    expect(rule.isOnline(at('h', false), 20_000)).toBe(false);
    expect(rule.lostFor('h', deadHubGraceMs + 20_000, 20_000)).toBe(false);
  });
});

describe('entries that a dead hub left', () => {
  it('are removed after the given time, counted from the detection', () => {
    const rule = new OnlineRule();
    rule.hubChanged('h', false, 0);
    expect(rule.lostFor('h', 300_000, 299_999)).toBe(false);
    expect(rule.lostFor('h', 300_000, 300_000)).toBe(true);
    expect(rule.lostFor('unknown', 300_000, 300_000)).toBe(false);
    expect(rule.lostFor('unknown', 300_000, 539_999)).toBe(false);
    expect(rule.lostFor('unknown', 300_000, 540_000)).toBe(true);
    rule.hubChanged('late', false, 1000);
    expect(rule.lostFor('late', 300_000, 300_999)).toBe(false);
  });
});
