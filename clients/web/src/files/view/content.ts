import type { FileEntry } from '@webxterm/contracts/rest';
import { byteSize } from '../../layout/format.ts';
import { leadsTo } from '../entry-type.ts';

/** The largest files that are shown, in bytes. */
export const limits = { text: 2 * 1024 * 1024, image: 16 * 1024 * 1024 } as const;

const imageNames = /\.(png|jpe?g|gif|webp|avif|bmp|ico)$/i;

/** The most bytes of a file with this name that are loaded. */
export const limitOf = (name: string): number => (imageNames.test(name) ? limits.image : limits.text);

/** Whether a click opens an entry. The size of what a link leads to is not known. */
export const isViewable = (entry: FileEntry): boolean =>
  leadsTo(entry) === 'file' && (entry.type === 'link' || entry.size <= limitOf(entry.name));

export type LineBreak = '\n' | '\r\n';

/** A file as it is shown. */
export type Content =
  | { readonly kind: 'text'; readonly text: string; readonly lineBreak: LineBreak }
  | { readonly kind: 'image'; readonly image: Blob }
  /** It is not shown, for this reason. */
  | { readonly kind: 'none'; readonly reason: string };

/** The first bytes of images that browsers draw. SVG is text here: it can contain scripts. */
const imageTypes: readonly (readonly [type: string, first: RegExp])[] = [
  ['image/png', /^\x89PNG\r\n\x1a\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF.{4}WEBP/s],
  ['image/avif', /^.{4}ftypavif/s],
  ['image/bmp', /^BM/],
  ['image/x-icon', /^\0\0\x01\0/],
];

const imageTypeOf = (bytes: Uint8Array<ArrayBuffer>): string | undefined => {
  const first = String.fromCharCode(...bytes.subarray(0, 16));
  return imageTypes.find(([, pattern]) => pattern.test(first))?.[0];
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Every line ends with CR LF, so that new ones do, too. Otherwise a CR is a character like any other. */
const lineBreakOf = (text: string): LineBreak =>
  text.includes('\r\n') && !/(^|[^\r])\n|\r(?!\n)/.test(text) ? '\r\n' : '\n';

/** `size`: that of the whole file, of which `bytes` may be the beginning. */
export const contentOf = (name: string, bytes: Uint8Array<ArrayBuffer>, size: number): Content => {
  const most = limitOf(name);
  if (size > most)
    return { kind: 'none', reason: `It has ${byteSize(size)}, and at most ${byteSize(most)} are shown here.` };
  const type = imageTypeOf(bytes);
  if (type !== undefined) return { kind: 'image', image: new Blob([bytes], { type }) };
  if (size > limits.text) return { kind: 'none', reason: 'It is no picture that browsers can draw.' };
  if (bytes.includes(0)) return { kind: 'none', reason: 'It is no text: it contains bytes of zero.' };
  try {
    const text = utf8.decode(bytes);
    return { kind: 'text', text, lineBreak: lineBreakOf(text) };
  } catch {
    return { kind: 'none', reason: 'It is no text in UTF-8. To save it here could damage it.' };
  }
};
