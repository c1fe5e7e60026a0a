export type Shortcut =
  | 'find'
  | 'copy'
  | 'paste'
  | 'zoom-in'
  | 'zoom-out'
  | 'zoom-reset'
  | 'new-tab'
  | 'next-tab'
  | 'previous-tab'
  | 'to-tabs'
  | 'split'
  | 'previous-prompt'
  | 'next-prompt'
  | 'palette'
  | 'keys';

export type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

const withControlAndShift: Readonly<Record<string, Shortcut>> = {
  f: 'find',
  c: 'copy',
  v: 'paste',
  enter: 'new-tab',
  arrowright: 'next-tab',
  arrowleft: 'previous-tab',
  arrowup: 'to-tabs',
  d: 'split',
  z: 'previous-prompt',
  x: 'next-prompt',
  k: 'palette',
  '?': 'keys',
};

const zoom: Readonly<Record<string, Shortcut>> = {
  '+': 'zoom-in',
  '=': 'zoom-in',
  '-': 'zoom-out',
  '0': 'zoom-reset',
};

/** Keys by their position, for layouts without Latin letters or with digits only on Shift. */
const byPlace: Readonly<Record<string, string>> = {
  KeyF: 'f',
  KeyC: 'c',
  KeyV: 'v',
  KeyD: 'd',
  KeyK: 'k',
  KeyZ: 'z',
  KeyX: 'x',
  Digit0: '0',
  Numpad0: '0',
};
const latinLetter = /^[a-z]$/;

/** The key of a US keyboard in this position, if the layout has another script. For a Latin layout, the letter that it shows. */
export const keyOf = ({ key, code, shiftKey }: Pick<KeyPress, 'key' | 'code' | 'shiftKey'>): string => {
  const shown = key.toLowerCase();
  const place = byPlace[code];
  if (place === undefined || latinLetter.test(shown)) return shown;
  // Shift and 0 gives another character. Without Shift, AZERTY has à there.
  return latinLetter.test(place) || !shiftKey ? place : shown;
};

/**
 * The shortcut of the terminal page for a key press. Undefined: the key is sent to the shell. On a Mac, Cmd takes the place of Ctrl.
 * `controlVPastes`: Ctrl+V is a shortcut, too.
 */
export const shortcutOf = (press: KeyPress, controlVPastes = false): Shortcut | undefined => {
  if (press.altKey || press.ctrlKey === press.metaKey) return undefined;
  const key = keyOf(press);
  if (controlVPastes && press.ctrlKey && key === 'v') return 'paste';
  if (press.shiftKey) return withControlAndShift[key] ?? (key === '+' ? 'zoom-in' : undefined);
  if (press.metaKey && key === 'f') return 'find';
  return zoom[key];
};
