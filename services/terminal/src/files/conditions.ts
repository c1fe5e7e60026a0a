import type { IncomingHttpHeaders } from 'node:http';
import type { ByteRange } from '@webxterm/contracts/file-messages';
import { AppError } from '@webxterm/shared';

/** The opaque part of an ETag (RFC 9110, 8.8.3). Undefined: it is none that this service has made. */
const opaqueTag = (text: string): string | undefined => /^"?([0-9a-z-]{1,128})"?$/.exec(text.trim())?.[1];

/** One range of bytes (RFC 9110, 14.1.2). Null: the header asks for something else, and the whole content is sent. */
export const rangeOf = (header: string | undefined): ByteRange | null => {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '') return last === '' ? null : { suffix: Number(last) };
  if (last === '') return { first: Number(first) };
  return Number(last) < Number(first) ? null : { first: Number(first), last: Number(last) };
};

/** The version for which a range applies. Null: for any. A date never equals a version, so that everything is sent. */
export const ifRangeOf = (header: string | undefined): string | null =>
  header === undefined ? null : (opaqueTag(header) ?? '');

/** Reads the conditions for writing a file. @throws AppError invalid_input */
export const writeConditions = (headers: IncomingHttpHeaders): { onlyNew: boolean; ifMatch: string | null } => {
  const { 'if-none-match': noneMatch, 'if-match': match } = headers;
  if (noneMatch !== undefined && noneMatch.trim() !== '*')
    throw new AppError('invalid_input', 'The request is not valid: If-None-Match can only be *.');
  if (match === undefined) return { onlyNew: noneMatch !== undefined, ifMatch: null };
  const ifMatch = match.trim() === '*' ? '*' : opaqueTag(match);
  if (ifMatch === undefined || noneMatch !== undefined)
    throw new AppError('invalid_input', 'The request is not valid: If-Match must be one ETag of the file, or *.');
  return { onlyNew: false, ifMatch };
};

/** A name as in RFC 6266 and RFC 8187, for a browser that saves the content. */
export const attachmentHeader = (name: string): string => {
  const plain = name.replace(/[^A-Za-z0-9._ -]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
};
