import { expect, it } from 'vitest';
import { fontSizes, lineHeights, stepped } from './preferences.ts';

it('a step stays within the bounds, and has one decimal', () => {
  expect(stepped(fontSizes.largest, 1, fontSizes)).toBe(32);
  expect(stepped(1.2, 1, lineHeights)).toBe(1.3);
  expect(stepped(1, -1, lineHeights)).toBe(1);
});
