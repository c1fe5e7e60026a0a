import { keyboardFlag } from '@webxterm/stream';
import { functionalKeys, keypadDigit, keypadKeys, lettered, modifierKeys, usKeys, usShifted } from './key-codes.ts';

/** The fields of a `KeyboardEvent` that this module reads. */
export type Key = Pick<
  KeyboardEvent,
  | 'type'
  | 'key'
  | 'code'
  | 'keyCode'
  | 'shiftKey'
  | 'altKey'
  | 'ctrlKey'
  | 'metaKey'
  | 'repeat'
  | 'isComposing'
  | 'getModifierState'
>;

/** Function of the Alt key. On a Mac it composes characters, unless it is set to Meta. */
export type AltKey = 'alt' | 'composes' | 'meta';

/** A key in terms of the kitty keyboard protocol. */
interface Report {
  readonly number: number;
  readonly final: string;
  /** The key's character with Shift, and the character of a PC-101 keyboard in its position. Empty: not reported. */
  readonly alternates: readonly (number | '')[];
  /** Bits: Shift 1, Alt 2, Ctrl 4, Caps Lock 64, Num Lock 128. */
  readonly modifiers: number;
  /** The text that the key types. Empty: none. */
  readonly text: string;
}

const processedByInputMethod = 229;
const release = 3;
const legacyBytes: Readonly<Record<string, string>> = { Enter: '\r', Tab: '\t', Backspace: '\x7f' };

const isCharacter = (key: string): boolean => [...key].length === 1;
const codePoint = (character: string): number => character.codePointAt(0) ?? 0;

/** The modifiers, except for those that select the typed character: AltGr and a composing Option. */
const modifiersOf = (key: Key, alt: AltKey, locks: boolean): number => {
  const composed = isCharacter(key.key) && (key.getModifierState('AltGraph') || (alt === 'composes' && key.altKey));
  return (
    (key.shiftKey ? 1 : 0) |
    (key.altKey && !composed ? 2 : 0) |
    (key.ctrlKey && !key.getModifierState('AltGraph') ? 4 : 0) |
    (locks && key.getModifierState('CapsLock') ? 64 : 0) |
    (locks && key.getModifierState('NumLock') ? 128 : 0)
  );
};

/** The key's character without a Mac's Option key: the letter or digit of the layout, otherwise the sign of a US keyboard. */
const beforeOption = ({ key, code, keyCode }: Key): string =>
  /^[A-Z\d]$/.test(String.fromCharCode(keyCode)) ? String.fromCharCode(keyCode).toLowerCase() : (usKeys[code] ?? key);

/**
 * The key's character without Shift. A browser does not report it for signs. If the shifted sign is that of a US keyboard in this position,
 * the unshifted sign of the US keyboard is used. Otherwise the sign itself is used.
 */
const unshifted = (key: Key, alt: AltKey): string => {
  if (key.altKey && alt !== 'alt') return beforeOption(key);
  const small = key.key.toLowerCase();
  const us = usKeys[key.code];
  if (key.shiftKey && small === key.key && us !== undefined && usShifted(us) === key.key) return us;
  return isCharacter(small) ? small : key.key;
};

const characterReport = (key: Key, modifiers: number, alt: AltKey): Report => {
  const plain = unshifted(key, alt);
  const us = usKeys[key.code];
  const shifted = key.shiftKey && key.key !== plain ? codePoint(key.key) : '';
  const place = us !== undefined && us !== plain ? codePoint(us) : '';
  return {
    number: codePoint(plain),
    final: 'u',
    alternates: [shifted, place],
    modifiers,
    text: textOf(key, modifiers),
  };
};

/** With Ctrl or Alt, a character is a command and not text. */
const textOf = ({ key }: Key, modifiers: number): string => (isCharacter(key) && (modifiers & 6) === 0 ? key : '');

const numberOf = (key: Key): readonly [number: number, final: string] | undefined => {
  if (key.code.startsWith('Numpad')) {
    const number = /^\d$/.test(key.key) ? keypadDigit + Number(key.key) : keypadKeys[key.key];
    if (number !== undefined) return [number, 'u'];
  }
  const number = functionalKeys[key.key] ?? modifierKeys[key.code];
  return number === undefined ? lettered[key.key] : [number, 'u'];
};

const reportOf = (key: Key, alt: AltKey, locks: boolean): Report | undefined => {
  const modifiers = modifiersOf(key, alt, locks);
  const numbered = numberOf(key);
  if (numbered === undefined) return isCharacter(key.key) ? characterReport(key, modifiers, alt) : undefined;
  const [number, final] = numbered;
  return { number, final, alternates: [], modifiers, text: textOf(key, modifiers) };
};

const isModifier = ({ number }: Report): boolean => number >= 57358 && (number <= 57360 || number >= 57441);

const written = ({ number, final, alternates, modifiers, text }: Report, event: number, flags: number): string => {
  const others = (flags & keyboardFlag.alternateKeys) === 0 ? '' : alternates.map((code) => `:${code}`).join('');
  const happened = (flags & keyboardFlag.eventTypes) !== 0 && event !== 1 ? `:${event}` : '';
  const typed = (flags & keyboardFlag.text) !== 0 && event !== release ? [...text].map(codePoint).join(':') : '';
  const state = modifiers === 0 && happened === '' ? '' : `${modifiers + 1}${happened}`;
  const first = `${number}${others.replace(/:+$/, '')}`;
  const rest = typed !== '' ? `;${state};${typed}` : state !== '' ? `;${state}` : '';
  return `\x1b[${first === '1' && rest === '' ? '' : first}${rest}${final}`;
};

/**
 * The report of a key for a program that enabled the kitty keyboard protocol with these flags. Undefined: the emulator sends what it always
 * sends (text, or the result of an input method). Keys with Cmd or the Windows key belong to the browser. Any flag implies the first flag,
 * because the others have no meaning without it.
 */
export const keyReport = (key: Key, flags: number, alt: AltKey): string | undefined => {
  if (flags === 0 || key.metaKey || key.isComposing || key.keyCode === processedByInputMethod) return undefined;
  const allKeys = (flags & keyboardFlag.allKeys) !== 0;
  const report = reportOf(key, alt, allKeys);
  if (report === undefined) return undefined;
  const event = key.type === 'keyup' ? release : key.repeat ? 2 : 1;
  if (event === release && (flags & keyboardFlag.eventTypes) === 0) return undefined;
  if (!allKeys) {
    if (isModifier(report)) return undefined;
    if (event !== release && report.text !== '') return undefined;
    const legacy = legacyBytes[key.key];
    if (legacy !== undefined && !key.code.startsWith('Numpad')) {
      if (event === release) return undefined;
      // A shell must stay usable after a program exits without disabling the protocol.
      if (report.modifiers === 0) return legacy;
    }
  }
  return written(report, event, flags);
};
