import { describe, expect, it } from 'vitest';
import { OptionKeys } from './option-keys.ts';

const option = (type: 'keydown' | 'keyup', code: 'AltLeft' | 'AltRight', altKey = type === 'keydown') =>
  ({ type, key: 'Alt', code, altKey }) as const;
const letter = { type: 'keydown', key: 'l', code: 'KeyL', altKey: true } as const;

describe('the Option keys of a Mac', () => {
  it.each([
    ['off', false, false],
    ['left', true, false],
    ['right', false, true],
    ['both', true, true],
  ] as const)('are Meta as configured: %s', (side, left, right) => {
    const keys = new OptionKeys(side);
    keys.isMeta(option('keydown', 'AltLeft'));
    expect(keys.isMeta(letter)).toBe(left);
    keys.isMeta(option('keyup', 'AltLeft'));
    keys.isMeta(option('keydown', 'AltRight'));
    expect(keys.isMeta(letter)).toBe(right);
  });

  it('are Meta as long as the chosen one is held, whatever the other one does', () => {
    const keys = new OptionKeys('left');
    keys.isMeta(option('keydown', 'AltLeft'));
    keys.isMeta(option('keydown', 'AltRight'));
    expect(keys.isMeta(letter)).toBe(true);
    keys.isMeta(option('keyup', 'AltLeft', true));
    expect(keys.isMeta(letter)).toBe(false);
  });

  it('are not held after one was released in another window', () => {
    const keys = new OptionKeys('left');
    keys.isMeta(option('keydown', 'AltLeft'));
    keys.isMeta({ ...letter, altKey: false });
    keys.isMeta(option('keydown', 'AltRight'));
    expect(keys.isMeta(letter)).toBe(false);
  });
});
