import type { IncomingHttpHeaders } from 'node:http';

/** Header of the web UI that proves the request comes from one of its pages. A form on a foreign page cannot set it. */
const ourClientHeaders = new Set(['x-webxterm-browser']);

const identity = new Set([
  'forwarded',
  'x-real-ip',
  'x-request-id',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'x-original-url',
  'x-original-host',
  'x-rewrite-url',
  'x-host',
  'x-user',
  'x-user-id',
  'x-remote-user',
  'remote-user',
  'x-hub-token',
  'x-session-id',
  'x-viewer-id',
  // A client must not choose which of its requests are traced, or add to the trace of another user.
  'traceparent',
  'tracestate',
  'baggage',
]);
const identityPrefixes = ['x-forwarded-', 'x-webxterm-', 'x-auth-request-', 'x-authenticated-', 'x-link-', 'x-attach-'];

/** Headers for this hop only (RFC 9110, 7.6.1). framing.ts handles Content-Length and Transfer-Encoding. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
  'expect',
]);

/** Headers that make some frameworks use a different method than the checked one. */
export const methodOverrides = ['x-http-method-override', 'x-http-method', 'x-method-override'];

const isForeign = (name: string): boolean => {
  if (hopByHop.has(name) || identity.has(name)) return true;
  // Some servers treat x_forwarded_for as x-forwarded-for.
  if (name.includes('_')) return true;
  return identityPrefixes.some((prefix) => name.startsWith(prefix)) && !ourClientHeaders.has(name);
};

/**
 * Removes, in place, the headers that only the gateway may set and the headers for this hop only. Of the headers named by Connection it
 * removes those that begin with `x-`: framing.ts rejects a request whose Connection names any other relevant header.
 */
export const dropForeignHeaders = (headers: IncomingHttpHeaders): void => {
  for (const token of (headers.connection ?? '').split(',')) {
    const name = token.trim().toLowerCase();
    if (name.startsWith('x-')) delete headers[name];
  }
  for (const name of Object.keys(headers)) if (isForeign(name)) delete headers[name];
};
