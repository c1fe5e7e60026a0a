import type { MachineUpdate } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { canUpdateNow, updateBadge, updateSentence } from './update-words.ts';

const automatic = { channel: 'stable', mode: 'automatic', version: null } as const;
const update = (more: Partial<MachineUpdate>): MachineUpdate => ({
  policy: automatic,
  state: 'available',
  offered: '1.1.0',
  reason: null,
  at: null,
  ...more,
});
const pinned = { channel: 'stable', mode: 'pin', version: '1.0.0' } as const;

describe('the update state of a machine', () => {
  it.each([
    [update({ state: 'up_to_date', offered: '1.0.0' }), 'Version 1.0.0, up to date.'],
    [update({}), 'Version 1.0.0. 1.1.0 is available. It is installed automatically.'],
    [update({ policy: { ...automatic, mode: 'hold' } }), 'Version 1.0.0. 1.1.0 is available. Updates are on hold.'],
    [update({ policy: pinned }), 'Version 1.0.0. 1.1.0 is available. This machine is pinned to 1.0.0.'],
    [update({ state: 'updating' }), 'Updating to 1.1.0. Open terminals stay open.'],
    [update({ state: 'failed', reason: 'No way.' }), 'Version 1.0.0. The update to 1.1.0 failed: No way.'],
    [
      update({ state: 'unsupported' }),
      'Version 1.0.0. This agent cannot update itself. Run the install command again.',
    ],
    [
      update({ state: 'unsupported', reason: 'It is updated with its container image.' }),
      'Version 1.0.0. It is updated with its container image.',
    ],
  ])('is shown as a sentence', (state, sentence) => {
    expect(updateSentence('1.0.0', state)).toBe(sentence);
  });

  it('is a badge in the list while there is something to know', () => {
    expect(updateBadge(update({ state: 'failed' }))).toEqual({ text: 'update failed', color: 'red' });
    expect([undefined, null, update({ state: 'up_to_date' })].map(updateBadge)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('offers the update only if it can be installed', () => {
    expect([update({}), update({ policy: pinned }), update({ state: 'updating' })].map(canUpdateNow)).toEqual([
      true,
      false,
      false,
    ]);
  });
});
