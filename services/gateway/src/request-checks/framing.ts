import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '@webxterm/shared';

/** How the body of a request is delimited (RFC 9112, 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  /** Content-Length, in bytes. */
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' };

const none: Framing = { kind: 'none' };
const chunked: Framing = { kind: 'chunked' };

/** The largest number of header lines; no real client sends more. Node silently drops lines above its own limit, so that limit is off. */
export const maxHeaderLines = 128;

/** Headers that must not repeat: a parser could use the second line instead of the first, or join the two. */
const single = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'authorization',
  'cookie',
  'origin',
  'expect',
  'upgrade',
  'user-agent',
  'sec-websocket-key',
  'sec-websocket-version',
  'x-webxterm-browser',
]);

/** Allowed values of Connection (RFC 9110, 7.6.1). Other values must begin with `x-` and must not name a header that the gateway sets. */
const connectionOptions = new Set(['close', 'keep-alive', 'upgrade', 'te', 'http2-settings']);
const isOurs = (name: string): boolean => /^x-(webxterm-|forwarded-|request-id$|real-ip$)/.test(name);

const checkConnection = (value: string): void => {
  for (const option of value.split(',')) {
    const name = option.trim().toLowerCase();
    if (name === '' || connectionOptions.has(name)) continue;
    if (!/^x-[a-z0-9-]+$/.test(name) || isOurs(name))
      throw new AppError('bad_request', `Connection must not name ${JSON.stringify(name.slice(0, 64))}.`);
  }
};

/** A length consists of digits only: no sign, space, list or base prefix. */
const lengthOf = (value: string): Framing => {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw new AppError('bad_request', 'Content-Length must be a plain number.');
  return { kind: 'length', length };
};

/**
 * Decides the framing once, from the header lines as received (name, value, name, value ...), before any code changes them. All code that
 * depends on the body uses this result and never the headers.
 * @throws AppError bad_request, headers_too_large
 */
export const framingOf = (rawHeaders: readonly string[], httpVersion: string): Framing => {
  if (rawHeaders.length > 2 * maxHeaderLines)
    throw new AppError('headers_too_large', `The request has over ${maxHeaderLines} header lines.`);
  const seen = new Set<string>();
  let framing: Framing = none;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    const value = rawHeaders[index + 1] ?? '';
    if (name === 'connection') checkConnection(value);
    if (!single.has(name)) continue;
    if (seen.has(name)) throw new AppError('bad_request', `The request has several ${name} headers.`);
    seen.add(name);
    if (name === 'content-length') framing = lengthOf(value);
    if (name === 'transfer-encoding') framing = transferCoding(value, httpVersion);
  }
  if (seen.has('content-length') && seen.has('transfer-encoding'))
    throw new AppError('bad_request', 'The request has both Content-Length and Transfer-Encoding.');
  return framing;
};

const transferCoding = (value: string, httpVersion: string): Framing => {
  if (value.toLowerCase() !== 'chunked' || httpVersion !== '1.1')
    throw new AppError('bad_request', 'The only Transfer-Encoding is chunked, and it needs HTTP/1.1.');
  return chunked;
};

/** Whether the request has no body, so that the bytes after its headers belong to the next request. */
export const isBodyless = (framing: Framing): boolean =>
  framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0);

/** Bytes of the declared body: 0 for no body, undefined for chunked. */
export const declaredLength = (framing: Framing): number | undefined => {
  if (framing.kind === 'chunked') return undefined;
  return framing.kind === 'length' ? framing.length : 0;
};

/** Writes the framing into the headers for the service, in place of the client's own headers. */
export const writeFraming = (headers: IncomingHttpHeaders, framing: Framing, method: string | undefined): void => {
  delete headers['content-length'];
  delete headers['transfer-encoding'];
  if (framing.kind === 'chunked') headers['transfer-encoding'] = 'chunked';
  else if (framing.kind === 'length') headers['content-length'] = String(framing.length);
  else if (method !== 'GET' && method !== 'HEAD') headers['content-length'] = '0';
};
