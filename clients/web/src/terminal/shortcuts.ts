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
  '?': 'keys',
};

const zoom: Readonly<Record<string, Shortcut>> = {
  '+': 'zoom-in',
  '=': 'zoom-in',
  '-': 'zoom-out',
  '0': 'zoom-reset',
};

/** Keys by their place, for layouts that have no Latin letters, or digits only with Shift. */
const byPlace: Readonly<Record<string, string>> = { KeyF: 'f', KeyC: 'c', KeyV: 'v', Digit0: '0', Numpad0: '0' };
const latinLetter = /^[a-z]$/;

/** The key as a US keyboard names it, where the layout has another script there; a Latin layout means the letter that it shows. */
const keyOf = ({ key, code, shiftKey }: KeyPress): string => {
  const shown = key.toLowerCase();
  const place = byPlace[code];
  if (place === undefined || latinLetter.test(shown)) return shown;
  // Shift and 0 is a character of its own; without Shift AZERTY has à there.
  return latinLetter.test(place) || !shiftKey ? place : shown;
};

/**
 * What a key press means to the terminal page itself; everything else goes to the shell. Cmd is Ctrl on a Mac.
 * `controlVPastes`: Ctrl+V is the page's too.
 */
export const shortcutOf = (press: KeyPress, controlVPastes = false): Shortcut | undefined => {
  if (press.altKey || press.ctrlKey === press.metaKey) return undefined;
  const key = keyOf(press);
  if (controlVPastes && press.ctrlKey && key === 'v') return 'paste';
  if (press.shiftKey) return withControlAndShift[key] ?? (key === '+' ? 'zoom-in' : undefined);
  if (press.metaKey && key === 'f') return 'find';
  return zoom[key];
};
