/** One key as a line editor interprets it. `bytes`: its encoded length. */
export type Stroke =
  | { readonly kind: 'insert'; readonly character: string; readonly bytes: number }
  | { readonly kind: 'backspace' | 'left' | 'right'; readonly bytes: number }
  /** A key with an unpredictable effect: Enter, Tab, a function key, a character of two columns. */
  | { readonly kind: 'unknown'; readonly bytes: number };

/** Longer text was pasted, not typed. It is not predicted. */
const longestTyped = 16;

// Printable and one column wide in every font and locale: ASCII and Latin, without combining marks and soft hyphen.
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

/** Splits the text of one keyboard event into keys. */
export const strokesOf = (text: string): readonly Stroke[] => {
  const moved = movement[text];
  if (moved !== undefined) return [{ kind: moved, bytes: length(text) }];
  const characters = [...text];
  if (characters.length <= longestTyped && characters.every((character) => narrow.test(character)))
    return characters.map((character) => ({ kind: 'insert', character, bytes: length(character) }));
  return [{ kind: 'unknown', bytes: length(text) }];
};
