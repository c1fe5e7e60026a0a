import { Terminal } from '@xterm/xterm';
import { describe, expect, it } from 'vitest';
import page from '../../../../docs/terminal-emulator.md?raw';
import { emulatorOptions } from './emulator-options.ts';
import { defaultPreferences } from './settings/preferences.ts';

describe('the options of the emulator', () => {
  it('are all in the table of the documentation', () => {
    const named = new Set(
      page
        .split('\n')
        .filter((line) => line.startsWith('| `'))
        .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name)),
    );
    expect(Object.keys(new Terminal().options).filter((name) => !named.has(name))).toEqual([]);
  });

  it('use Option on a Mac for selection while a program has the mouse', () => {
    const mac = { mac: true, reducedMotion: false };
    expect(emulatorOptions(defaultPreferences, mac)).toMatchObject({ macOptionClickForcesSelection: true });
  });

  it('do not use Alt for selection elsewhere, and do not blink if the user prefers reduced motion', () => {
    const other = { mac: false, reducedMotion: true };
    expect(emulatorOptions(defaultPreferences, other)).toMatchObject({
      macOptionClickForcesSelection: false,
      cursorBlink: false,
    });
  });

  it('fall back to the usual font for the characters that a chosen font has not', () => {
    const chosen = emulatorOptions(
      { ...defaultPreferences, fontFamily: 'Fira Code' },
      { mac: false, reducedMotion: false },
    );
    expect(chosen.fontFamily).toMatch(/^"Fira Code", .+monospace$/);
    // The emulator refuses values out of its bounds.
    expect(() => new Terminal(chosen)).not.toThrow();
  });
});
