import { describe, expect, it } from 'vitest';
import { readBrowserPreferences, withStored, writeBrowserPreferences } from './browser-preferences.ts';
import { defaultPreferences } from './preferences.ts';

const read = (text: string | null) => readBrowserPreferences({ getItem: () => text });
const ours = { preferences: { ...defaultPreferences, fontSize: 20 }, onlyHere: false };

describe('the settings of the terminal in this browser', () => {
  it('have defaults, one by one, where nothing valid is stored', () => {
    const none = { preferences: defaultPreferences, onlyHere: false };
    for (const text of [null, '{{', '[]', 'null', '7']) expect(read(text)).toEqual(none);
    expect(readBrowserPreferences(undefined)).toEqual(none);
    const kept = { fontSize: 999, lineHeight: 0, contrast: 2, colorScheme: 'none', screenReader: true, bell: 'flash' };
    const stored = JSON.stringify({ ...kept, onlyHere: 'yes', unsavedBy: 7 });
    expect(read(stored)).toEqual({
      ...none,
      preferences: { ...defaultPreferences, screenReader: true, bell: 'flash' },
    });
  });

  it('of an earlier version are kept', () => {
    const before = '{"fontSize":18,"screenReader":true,"optionIsMeta":"left","controlVPastes":true,"prediction":false}';
    expect(read(before).preferences).toEqual({ ...defaultPreferences, ...JSON.parse(before) });
  });

  it('are read as they were written', () => {
    const all = new Map<string, string>();
    const preferences = { ...defaultPreferences, colorScheme: 'nord', contrast: 4.5, fontFamily: 'Fira Code' } as const;
    const changed = { preferences, onlyHere: true, unsavedBy: 'ann' };
    writeBrowserPreferences({ setItem: (key, value) => void all.set(key, value) }, changed);
    expect(readBrowserPreferences({ getItem: (key) => all.get(key) ?? null })).toEqual(changed);
  });

  it.each(['x", url(', "a'b", 'a;b', 'a{b}', 'x'.repeat(61)])('name no font %s', (fontFamily) => {
    expect(read(JSON.stringify({ fontFamily })).preferences.fontFamily).toBe('');
  });
});

describe('the settings that the server keeps for the user', () => {
  const stored = { fontSize: 9, ofLaterVersion: 1 };

  it('replace those of the browser, also a change that another user could not store', () => {
    const theirs = { preferences: { ...defaultPreferences, fontSize: 9 }, onlyHere: false };
    expect(withStored(ours, stored, 'ann')).toEqual(theirs);
    expect(withStored({ ...ours, unsavedBy: 'bob' }, stored, 'ann')).toEqual(theirs);
  });

  it('do not replace a change that is not stored yet, settings of this browser only, or anything if there are none', () => {
    for (const now of [
      { ...ours, unsavedBy: 'ann' },
      { ...ours, onlyHere: true },
    ])
      expect(withStored(now, stored, 'ann')).toBe(now);
    expect(withStored(ours, null, 'ann')).toBe(ours);
  });
});
