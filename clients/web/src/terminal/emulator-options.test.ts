import { describe, expect, it } from 'vitest';
import { emulatorOptions } from './emulator-options.ts';

const choices = { fontSize: 14, screenReader: false };

describe('the options of the emulator', () => {
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
