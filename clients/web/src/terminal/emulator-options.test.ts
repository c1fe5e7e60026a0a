import { Terminal } from '@xterm/xterm';
import { describe, expect, it } from 'vitest';
import page from '../../../../docs/terminal-emulator.md?raw';
import { emulatorOptions } from './emulator-options.ts';

const choices = { fontSize: 14, screenReader: false };

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

  it('leave Option of a Mac to selecting while a program has the mouse', () => {
    const mac = { mac: true, reducedMotion: false };
    expect(emulatorOptions(choices, mac)).toMatchObject({ macOptionClickForcesSelection: true });
  });

  it('leave Alt alone elsewhere, and do not blink where motion is not wanted', () => {
    const other = { mac: false, reducedMotion: true };
    expect(emulatorOptions(choices, other)).toMatchObject({
      macOptionClickForcesSelection: false,
      cursorBlink: false,
    });
  });
});
