/** Longest path in bytes: PATH_MAX of Linux without its NUL. */
export const maxPathBytes = 4095;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The length of the UTF-8 sequence that a byte begins. 0: it begins none. */
const lengthOf = (first: number): number => {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
};

const decoded = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

/**
 * A name or path of Linux as text. Linux names are bytes: a backslash is written `\\`, and a byte that is not part of valid UTF-8 `\xHH`
 * with two lower-case hex digits. Every name has exactly one text.
 */
export const textOfPath = (bytes: Uint8Array): string => {
  const whole = decoded(bytes);
  if (whole !== undefined) return whole.replaceAll('\\', '\\\\');
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const length = lengthOf(first);
    const character = length === 0 || at + length > bytes.length ? undefined : decoded(bytes.subarray(at, at + length));
    text += character === undefined ? `\\x${first.toString(16).padStart(2, '0')}` : character.replace('\\', '\\\\');
    at += character === undefined ? 1 : length;
  }
  return text;
};

/** The bytes of a name or path as text. Undefined: a backslash is followed by something else, or the text is not well-formed. */
export const bytesOfPath = (text: string): Uint8Array | undefined => {
  if (!text.isWellFormed()) return undefined;
  const parts: Uint8Array[] = [];
  for (const part of text.split(/(\\(?:\\|x[0-9a-f]{2})?)/)) {
    if (part === '\\') return undefined;
    if (part === '\\\\') parts.push(encoder.encode('\\'));
    else if (part.startsWith('\\x')) parts.push(Uint8Array.of(Number.parseInt(part.slice(2), 16)));
    else parts.push(encoder.encode(part));
  }
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** Why a text is no path of a file. Undefined: it is one. */
export const pathProblem = (text: string): string | undefined => {
  const bytes = bytesOfPath(text);
  if (bytes === undefined) return 'must write a backslash as \\\\ and a byte that is not UTF-8 as \\xHH';
  if (bytes.length > maxPathBytes) return `must have at most ${maxPathBytes} bytes`;
  if (bytes.includes(0)) return 'must have no NUL';
  if (!text.startsWith('/')) return 'must begin with /';
  if (text.split('/').some((name) => name === '.' || name === '..')) return 'must have no . or .. between slashes';
  // A name has one text, so that none hides dots or a slash from the check above, or from the reader of the audit log.
  if (textOfPath(bytes) !== text) return 'must write \\xHH only for a byte that is not part of UTF-8';
  return undefined;
};

/** The path of an entry of a folder. */
export const joinPath = (folder: string, name: string): string =>
  folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;

/** The last name of a path. Empty for `/`. */
export const nameOf = (path: string): string => /([^/]*)\/*$/.exec(path)?.[1] ?? '';
