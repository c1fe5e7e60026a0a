/** Single-byte encodings of programs that predate UTF-8. Each can also encode typed text. */
export const encodings = {
  'utf-8': 'UTF-8',
  'windows-1252': 'Western (Latin 1)',
  'iso-8859-15': 'Western (Latin 9)',
  'iso-8859-2': 'Central European',
  'windows-1251': 'Cyrillic (Windows)',
  'koi8-r': 'Cyrillic (KOI8-R)',
  'koi8-u': 'Ukrainian (KOI8-U)',
  'iso-8859-7': 'Greek',
  'windows-1254': 'Turkish',
} as const;

export type Encoding = keyof typeof encodings;

export const isEncoding = (name: string): name is Encoding => Object.hasOwn(encodings, name);

const tableOf = (encoding: Encoding): ReadonlyMap<string, number> => {
  const decoder = new TextDecoder(encoding);
  return new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]));
};

/** Encodes typed text. A character that the encoding lacks becomes a question mark. */
export const encodedText = (text: string, encoding: Encoding): Uint8Array => {
  if (encoding === 'utf-8') return new TextEncoder().encode(text);
  const table = tableOf(encoding);
  return Uint8Array.from(text, (character) => table.get(character) ?? 0x3f);
};
