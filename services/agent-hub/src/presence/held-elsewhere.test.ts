import { describe, expect, it } from 'vitest';
import { HeldElsewhere, provenAfterMs } from './held-elsewhere.ts';

const presence = {
  agent_id: 'ag_1',
  hub_id: 'hub-1',
  address: '127.0.0.1:1',
  generation: '7',
  instance_id: 'original',
  since: '2026-01-01T00:00:00.000Z',
};

describe('an agent whose machine is held by another hub', () => {
  it('is a copy once the holder has outlived silence and lease, and not before', () => {
    const held = new HeldElsewhere();
    expect(held.bothLive(presence, 'copy', 0)).toBe(false);
    expect(held.bothLive(presence, 'copy', provenAfterMs - 1)).toBe(false);
    expect(held.bothLive(presence, 'copy', provenAfterMs)).toBe(true);
  });

  it('is the same agent after a restart if it or the holder was replaced by then', () => {
    const held = new HeldElsewhere();
    held.bothLive(presence, 'restarted', 0);
    expect(held.bothLive(presence, 'restarted again', provenAfterMs)).toBe(false);
    expect(held.bothLive({ ...presence, generation: '8' }, 'restarted again', 2 * provenAfterMs)).toBe(false);
    expect(held.bothLive({ ...presence, hub_id: 'hub-2' }, 'restarted again', 3 * provenAfterMs)).toBe(false);
  });

  it('is proved by a lease of 15 s, 4 s of silence and 1 s of reserve, counted from its first refusal', () => {
    expect(provenAfterMs).toBe(20_000);
    const held = new HeldElsewhere();
    held.bothLive(presence, 'copy', 50_000);
    expect(held.bothLive(presence, 'copy', 69_999)).toBe(false);
    expect(held.bothLive(presence, 'copy', 70_000)).toBe(true);
  });

  it('is one of 1,000 entries: the one that was refused first is dropped', () => {
    const held = new HeldElsewhere();
    const machine = (number: number) => ({ ...presence, agent_id: `ag_${number}` });
    for (let number = 0; number < 1000; number += 1) held.bothLive(machine(number), 'copy', 0);
    expect(held.bothLive(machine(0), 'copy', provenAfterMs)).toBe(true);
    // A refusal of another process is a new one, and the latest.
    held.bothLive(machine(0), 'restarted', provenAfterMs);
    held.bothLive(machine(1000), 'copy', provenAfterMs);
    expect(held.bothLive(machine(0), 'restarted', 2 * provenAfterMs)).toBe(true);
    expect(held.bothLive(machine(1), 'copy', 2 * provenAfterMs)).toBe(false);
    expect(held.bothLive(machine(3), 'copy', 2 * provenAfterMs)).toBe(true);
  });
});
