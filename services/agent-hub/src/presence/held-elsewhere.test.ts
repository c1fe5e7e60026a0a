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

  it('is the same agent, restarted, where it or the holder is another one by then', () => {
    const held = new HeldElsewhere();
    held.bothLive(presence, 'restarted', 0);
    expect(held.bothLive(presence, 'restarted again', provenAfterMs)).toBe(false);
    expect(held.bothLive({ ...presence, generation: '8' }, 'restarted again', 2 * provenAfterMs)).toBe(false);
    expect(held.bothLive({ ...presence, hub_id: 'hub-2' }, 'restarted again', 3 * provenAfterMs)).toBe(false);
  });
});
