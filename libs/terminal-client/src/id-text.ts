/** A 16-byte id as base64url without padding, the form that ids have in JSON and in URLs. */
export const idToText = (id: Uint8Array): string =>
  btoa(String.fromCharCode(...id))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** @throws RangeError when the text is not a 16-byte id */
export const idFromText = (text: string): Uint8Array => {
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(text)) throw new RangeError('not an id of 16 bytes as base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
};

export const newId = (): Uint8Array => crypto.getRandomValues(new Uint8Array(16));
