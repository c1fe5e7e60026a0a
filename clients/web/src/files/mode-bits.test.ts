import { expect, it } from 'vitest';
import { modeBits, modeOf, modeText } from './mode-bits.ts';

it('has the permissions of a mode by class', () => {
  const set = (mode: number): string[] =>
    modeBits.flatMap(({ name, bits }) =>
      bits.filter(({ bit }) => (mode & bit) !== 0).map(({ label }) => `${name} ${label}`),
    );
  expect(set(0o640)).toEqual(['Owner read', 'Owner write', 'Group read']);
  expect(set(0o001)).toEqual(['Others run or enter']);
  expect(['0644', '644', '4755', '', '999', '64', '+x'].map(modeOf)).toEqual([
    0o644,
    0o644,
    0o4755,
    ...Array(4).fill(undefined),
  ]);
  expect([modeText(0o44), modeText(0o4755)]).toEqual(['0044', '4755']);
});
