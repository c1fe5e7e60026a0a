import { describe, expect, it } from 'vitest';
import {
  defaultPreferences,
  fontSizes,
  lineHeights,
  readPreferences,
  stepped,
  writePreferences,
} from './preferences.ts';

const stored = (text: string | null) => ({ getItem: () => text });

describe('the preferences of the terminal', () => {
  it('have defaults, one by one, where nothing valid is stored', () => {
    expect(readPreferences(stored(null))).toEqual(defaultPreferences);
    expect(readPreferences(stored('{{'))).toEqual(defaultPreferences);
    expect(readPreferences(undefined)).toEqual(defaultPreferences);
    const kept = { fontSize: 999, lineHeight: 0, contrast: 2, colorScheme: 'none', screenReader: true, bell: 'flash' };
    expect(readPreferences(stored(JSON.stringify(kept)))).toEqual({
      ...defaultPreferences,
      screenReader: true,
      bell: 'flash',
    });
  });

  it('of an earlier version are kept', () => {
    const before = '{"fontSize":18,"screenReader":true,"optionIsMeta":"left","controlVPastes":true,"prediction":false}';
    expect(readPreferences(stored(before))).toEqual({ ...defaultPreferences, ...JSON.parse(before) });
  });

  it('are read as they were written', () => {
    const all = new Map<string, string>();
    const changed = { ...defaultPreferences, colorScheme: 'nord', contrast: 4.5, fontFamily: 'Fira Code' } as const;
    writePreferences({ setItem: (key, value) => void all.set(key, value) }, changed);
    expect(readPreferences({ getItem: (key) => all.get(key) ?? null })).toEqual(changed);
  });

  it.each(['x", url(', "a'b", 'a;b', 'a{b}', 'x'.repeat(61)])('name no font %s', (fontFamily) => {
    expect(readPreferences(stored(JSON.stringify({ fontFamily }))).fontFamily).toBe('');
  });
});

it('a step stays within the bounds, and has one decimal', () => {
  expect(stepped(fontSizes.largest, 1, fontSizes)).toBe(32);
  expect(stepped(1.2, 1, lineHeights)).toBe(1.3);
  expect(stepped(1, -1, lineHeights)).toBe(1);
});
