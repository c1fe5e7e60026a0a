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

export type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

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

/** What a key press means to the terminal page itself; everything else goes to the shell. Cmd is Ctrl on a Mac. */
export const shortcutOf = (press: KeyPress): Shortcut | undefined => {
  if (press.altKey || press.ctrlKey === press.metaKey) return undefined;
  const key = press.key.toLowerCase();
  if (press.shiftKey) return withControlAndShift[key] ?? (key === '+' ? 'zoom-in' : undefined);
  if (press.metaKey && key === 'f') return 'find';
  return zoom[key];
};
