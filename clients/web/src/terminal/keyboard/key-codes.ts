/** Key numbers of the kitty keyboard protocol for keys that send `CSI number u`, by `KeyboardEvent.key`. */
export const functionalKeys: Readonly<Record<string, number>> = {
  Escape: 27,
  Enter: 13,
  Tab: 9,
  Backspace: 127,
  CapsLock: 57358,
  ScrollLock: 57359,
  NumLock: 57360,
  PrintScreen: 57361,
  Pause: 57362,
  ContextMenu: 57363,
  ...Object.fromEntries(Array.from({ length: 23 }, (_, n) => [`F${n + 13}`, 57376 + n])),
  AltGraph: 57453,
  MediaPlay: 57428,
  MediaPause: 57429,
  MediaPlayPause: 57430,
  MediaStop: 57432,
  MediaFastForward: 57433,
  MediaRewind: 57434,
  MediaTrackNext: 57435,
  MediaTrackPrevious: 57436,
  MediaRecord: 57437,
  AudioVolumeDown: 57438,
  AudioVolumeUp: 57439,
  AudioVolumeMute: 57440,
};

/** Keys that are reported only with the flag for all keys, by `KeyboardEvent.code`. A modifier has a number for each side. */
export const modifierKeys: Readonly<Record<string, number>> = {
  ShiftLeft: 57441,
  ControlLeft: 57442,
  AltLeft: 57443,
  MetaLeft: 57444,
  ShiftRight: 57447,
  ControlRight: 57448,
  AltRight: 57449,
  MetaRight: 57450,
};

/** Keys that send `CSI 1 ; modifiers letter` or `CSI number ; modifiers ~`. */
export const lettered: Readonly<Record<string, readonly [number: number, final: string]>> = {
  ArrowUp: [1, 'A'],
  ArrowDown: [1, 'B'],
  ArrowRight: [1, 'C'],
  ArrowLeft: [1, 'D'],
  Home: [1, 'H'],
  End: [1, 'F'],
  F1: [1, 'P'],
  F2: [1, 'Q'],
  // Not `R`, which ends a cursor position report.
  F3: [13, '~'],
  F4: [1, 'S'],
  Insert: [2, '~'],
  Delete: [3, '~'],
  PageUp: [5, '~'],
  PageDown: [6, '~'],
  F5: [15, '~'],
  F6: [17, '~'],
  F7: [18, '~'],
  F8: [19, '~'],
  F9: [20, '~'],
  F10: [21, '~'],
  F11: [23, '~'],
  F12: [24, '~'],
};

/** Keys of the keypad, by `KeyboardEvent.key`. Its digits start at 57399. */
export const keypadDigit = 57399;
export const keypadKeys: Readonly<Record<string, number>> = {
  '.': 57409,
  '/': 57410,
  '*': 57411,
  '-': 57412,
  '+': 57413,
  Enter: 57414,
  '=': 57415,
  ',': 57416,
  ArrowLeft: 57417,
  ArrowRight: 57418,
  ArrowUp: 57419,
  ArrowDown: 57420,
  PageUp: 57421,
  PageDown: 57422,
  Home: 57423,
  End: 57424,
  Insert: 57425,
  Delete: 57426,
  Clear: 57427,
};

/** The character of a PC-101 keyboard without and with Shift, by `KeyboardEvent.code`. */
export const usKeys: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Array.from('abcdefghijklmnopqrstuvwxyz', (key) => [`Key${key.toUpperCase()}`, key])),
  ...Object.fromEntries(Array.from('1234567890', (key) => [`Digit${key}`, key])),
  Backquote: '`',
  Minus: '-',
  Equal: '=',
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  Semicolon: ';',
  Quote: "'",
  Comma: ',',
  Period: '.',
  Slash: '/',
  Space: ' ',
};
const shiftedSigns = new Map(Array.from("`1234567890-=[]\\;',./", (sign, n) => [sign, '~!@#$%^&*()_+{}|:"<>?'[n]]));
export const usShifted = (key: string): string => shiftedSigns.get(key) ?? key.toUpperCase();
