import { describe, expect, it } from 'vitest';
import { type AltKey, type Key, keyReport } from './key-report.ts';

interface Pressed extends Partial<Omit<Key, 'getModifierState'>> {
  readonly key: string;
  /** Caps Lock, Num Lock or AltGr. */
  readonly states?: readonly string[];
}

const event = ({ states = [], ...pressed }: Pressed): Key => ({
  type: 'keydown',
  code: /^[a-z]$/i.test(pressed.key) ? `Key${pressed.key.toUpperCase()}` : pressed.key,
  keyCode: 0,
  shiftKey: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  repeat: false,
  isComposing: false,
  getModifierState: (name) => states.includes(name),
  ...pressed,
});
const report = (flags: number, pressed: Pressed, alt: AltKey = 'alt'): string | undefined =>
  keyReport(event(pressed), flags, alt)?.replace('\x1b[', 'CSI ');

const [shiftKey, ctrlKey, altKey, repeat] = [true, true, true, true];
const type = 'keyup';
/** No report: the emulator sends text. */
const asEver = undefined;

// Values of sw.kovidgoyal.net/kitty/keyboard-protocol, and of kitty's key_encoding.c where the text is ambiguous.
describe('a key of a program that asked for the kitty keyboard protocol', () => {
  it.each<[name: string, flags: number, pressed: Pressed, sends: string | undefined]>([
    ['nothing asked for', 0, { key: 'Enter', shiftKey }, asEver],
    ['a letter', 1, { key: 'a' }, asEver],
    ['a capital', 1, { key: 'A', shiftKey }, asEver],
    ['Enter', 1, { key: 'Enter' }, '\r'],
    ['Tab', 1, { key: 'Tab' }, '\t'],
    ['Backspace', 1, { key: 'Backspace' }, '\x7f'],
    ['Shift+Enter', 1, { key: 'Enter', shiftKey }, 'CSI 13;2u'],
    ['Ctrl+Enter', 1, { key: 'Enter', ctrlKey }, 'CSI 13;5u'],
    ['Shift+Tab', 1, { key: 'Tab', shiftKey }, 'CSI 9;2u'],
    ['Ctrl+Backspace', 1, { key: 'Backspace', ctrlKey }, 'CSI 127;5u'],
    ['Escape', 1, { key: 'Escape' }, 'CSI 27u'],
    ['Ctrl+C', 1, { key: 'c', ctrlKey }, 'CSI 99;5u'],
    ['Ctrl+I, which is not Tab', 1, { key: 'i', ctrlKey }, 'CSI 105;5u'],
    ['Ctrl+Shift+A: the key has no capital', 1, { key: 'A', ctrlKey, shiftKey }, 'CSI 97;6u'],
    ['Ctrl+A with Caps Lock', 1, { key: 'A', ctrlKey, states: ['CapsLock'] }, 'CSI 97;5u'],
    ['Alt+[', 1, { key: '[', code: 'BracketLeft', altKey }, 'CSI 91;3u'],
    ['Ctrl+Alt+A', 1, { key: 'a', ctrlKey, altKey }, 'CSI 97;7u'],
    ['Ctrl+Space', 1, { key: ' ', code: 'Space', ctrlKey }, 'CSI 32;5u'],
    ['Ctrl+Shift+1 of a US keyboard', 1, { key: '!', code: 'Digit1', ctrlKey, shiftKey }, 'CSI 49;6u'],
    ['Ctrl+Shift+1 of a French one', 1, { key: '1', code: 'Digit1', ctrlKey, shiftKey }, 'CSI 49;6u'],
    ['Ctrl+Shift+A of a French one', 1, { key: 'A', code: 'KeyQ', ctrlKey, shiftKey }, 'CSI 97;6u'],
    ['an arrow', 1, { key: 'ArrowUp' }, 'CSI A'],
    ['Ctrl+Right', 1, { key: 'ArrowRight', ctrlKey }, 'CSI 1;5C'],
    ['F1', 1, { key: 'F1' }, 'CSI P'],
    ['F3, no report of the cursor', 1, { key: 'F3', ctrlKey }, 'CSI 13;5~'],
    ['F5', 1, { key: 'F5' }, 'CSI 15~'],
    ['Shift+Delete', 1, { key: 'Delete', shiftKey }, 'CSI 3;2~'],
    ['F13', 1, { key: 'F13' }, 'CSI 57376u'],
    ['Menu', 1, { key: 'ContextMenu' }, 'CSI 57363u'],
    ['Enter of the keypad', 1, { key: 'Enter', code: 'NumpadEnter' }, 'CSI 57414u'],
    ['4 of the keypad as an arrow', 1, { key: 'ArrowLeft', code: 'Numpad4' }, 'CSI 57417u'],
    ['4 of the keypad as a digit', 1, { key: '4', code: 'Numpad4' }, asEver],
    ['Ctrl+4 of the keypad', 1, { key: '4', code: 'Numpad4', ctrlKey }, 'CSI 57403;5u'],
    ['@ by AltGr', 1, { key: '@', code: 'KeyQ', altKey, ctrlKey, states: ['AltGraph'] }, asEver],
    ['Shift alone', 1, { key: 'Shift', code: 'ShiftLeft', shiftKey }, asEver],
    ['Caps Lock alone', 1, { key: 'CapsLock' }, asEver],
    ['a release that was not asked for', 1, { key: 'Escape', type }, asEver],
    ['a key with Cmd', 31, { key: 'c', metaKey: true }, asEver],
    ['a key for an input method', 31, { key: 'a', isComposing: true }, asEver],
    ['a key that an input method took', 31, { key: 'Process', keyCode: 229 }, asEver],
    ['a dead key', 31, { key: 'Dead', code: 'Quote' }, asEver],
    ['a repeated arrow', 3, { key: 'ArrowUp', repeat }, 'CSI 1;1:2A'],
    ['a released arrow', 3, { key: 'ArrowUp', type }, 'CSI 1;1:3A'],
    ['a released Delete', 3, { key: 'Delete', ctrlKey, type }, 'CSI 3;5:3~'],
    ['a released Escape', 3, { key: 'Escape', type }, 'CSI 27;1:3u'],
    ['a released letter', 3, { key: 'a', type }, 'CSI 97;1:3u'],
    ['a repeated letter', 3, { key: 'a', repeat }, asEver],
    ['a repeated Enter', 3, { key: 'Enter', repeat }, '\r'],
    ['a released Enter', 3, { key: 'Enter', type }, asEver],
    ['a repeated arrow, not asked for', 1, { key: 'ArrowUp', repeat }, 'CSI A'],
    ['Ctrl+Shift+A with its capital', 5, { key: 'A', ctrlKey, shiftKey }, 'CSI 97:65;6u'],
    ['Ctrl+= of a US keyboard', 5, { key: '+', code: 'Equal', ctrlKey, shiftKey }, 'CSI 61:43;6u'],
    ['Ctrl+С of a Russian keyboard', 5, { key: 'с', code: 'KeyC', ctrlKey }, 'CSI 1089::99;5u'],
    ['Ctrl+Shift+С of it', 5, { key: 'С', code: 'KeyC', ctrlKey, shiftKey }, 'CSI 1089:1057:99;6u'],
    ['an arrow has no alternates', 5, { key: 'ArrowUp', shiftKey }, 'CSI 1;2A'],
    ['a letter, as a key', 9, { key: 'a' }, 'CSI 97u'],
    ['a capital, as a key', 9, { key: 'A', shiftKey }, 'CSI 97;2u'],
    ['Enter, as a key', 9, { key: 'Enter' }, 'CSI 13u'],
    ['a released Enter, as a key', 11, { key: 'Enter', type }, 'CSI 13;1:3u'],
    ['the left Shift', 9, { key: 'Shift', code: 'ShiftLeft', shiftKey }, 'CSI 57441;2u'],
    ['the right Control, released', 11, { key: 'Control', code: 'ControlRight', type }, 'CSI 57448;1:3u'],
    ['AltGr', 9, { key: 'AltGraph', code: 'AltRight' }, 'CSI 57453u'],
    ['a letter with Num Lock', 9, { key: 'a', states: ['NumLock'] }, 'CSI 97;129u'],
    ['Caps Lock itself', 9, { key: 'CapsLock', states: ['CapsLock'] }, 'CSI 57358;65u'],
    ['a capital with its text', 25, { key: 'A', shiftKey }, 'CSI 97;2;65u'],
    ['a letter with its text', 25, { key: 'a' }, 'CSI 97;;97u'],
    ['a repeated letter with its text', 27, { key: 'a', repeat }, 'CSI 97;1:2;97u'],
    ['a released letter has none', 27, { key: 'a', type }, 'CSI 97;1:3u'],
    ['Ctrl+A has none', 25, { key: 'a', ctrlKey }, 'CSI 97;5u'],
    ['Enter has none', 25, { key: 'Enter' }, 'CSI 13u'],
    ['a digit of the keypad with its text', 25, { key: '4', code: 'Numpad4' }, 'CSI 57403;;52u'],
    ['@ by AltGr, as a key', 25, { key: '@', code: 'KeyQ', altKey, ctrlKey, states: ['AltGraph'] }, 'CSI 64;;64u'],
  ])('%s', (_name, flags, pressed, sends) => {
    expect(report(flags, pressed)).toBe(sends);
  });

  it.each<[name: string, flags: number, pressed: Pressed, alt: AltKey, sends: string | undefined]>([
    ['Option+A that composes', 1, { key: 'å', code: 'KeyA', keyCode: 65, altKey }, 'composes', asEver],
    [
      'the same, as a key with its text',
      25,
      { key: 'å', code: 'KeyA', keyCode: 65, altKey },
      'composes',
      'CSI 97;;229u',
    ],
    ['Option+A as Meta', 1, { key: 'å', code: 'KeyA', keyCode: 65, altKey }, 'meta', 'CSI 97;3u'],
    ['Option+Z of a German Mac as Meta', 1, { key: 'Ω', code: 'KeyY', keyCode: 90, altKey }, 'meta', 'CSI 122;3u'],
    ['Option+Left', 1, { key: 'ArrowLeft', altKey }, 'composes', 'CSI 1;3D'],
  ])('%s on a Mac', (_name, flags, pressed, alt, sends) => {
    expect(report(flags, pressed, alt)).toBe(sends);
  });
});
