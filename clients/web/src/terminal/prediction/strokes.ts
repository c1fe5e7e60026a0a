/** One key as a line editor takes it. `bytes`: its length as it is sent. */
export type Stroke =
  | { readonly kind: 'insert'; readonly character: string; readonly bytes: number }
  | { readonly kind: 'backspace' | 'left' | 'right'; readonly bytes: number }
  /** Nobody can foresee what this does: Enter, Tab, a function key, a character of two columns. */
  | { readonly kind: 'unknown'; readonly bytes: number };

/** Pasted rather than typed: what comes of it is not foreseen. */
const longestTyped = 16;

// Printable and one column wide in every font and locale: ASCII and Latin, no combining marks, no soft hyphen.
const narrow = /^[ -~\u00a1-\u00ac\u00ae-\u02ff]$/;

const movement: Readonly<Record<string, 'backspace' | 'left' | 'right'>> = {
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x1b[D': 'left',
  '\x1bOD': 'left',
  '\x1b[C': 'right',
  '\x1bOC': 'right',
};

const length = (text: string): number => new TextEncoder().encode(text).length;

/** What was sent by one event of the keyboard, key by key. */
export const strokesOf = (text: string): readonly Stroke[] => {
  const moved = movement[text];
  if (moved !== undefined) return [{ kind: moved, bytes: length(text) }];
  const characters = [...text];
  if (characters.length <= longestTyped && characters.every((character) => narrow.test(character)))
    return characters.map((character) => ({ kind: 'insert', character, bytes: length(character) }));
  return [{ kind: 'unknown', bytes: length(text) }];
};
