/** Largest request, in characters of base64. Enough for a screen full of text, too little to exhaust memory. */
const maxEncoded = 256 * 1024;

/**
 * The text that a program copies to the clipboard (OSC 52, `<selection>;<base64>`). Undefined for a query (programs cannot read the
 * clipboard), for a text that is too long, and for anything but base64 of UTF-8.
 */
export const clipboardRequest = (osc: string): string | undefined => {
  const encoded = osc.slice(osc.indexOf(';') + 1);
  if (!osc.includes(';') || encoded === '' || encoded === '?' || encoded.length > maxEncoded) return undefined;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
