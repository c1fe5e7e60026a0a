import type { IncomingHttpHeaders } from 'node:http';

/** What the web UI says to prove that a page of ours makes the request (a form of a foreign page cannot set it). */
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
]);
const identityPrefixes = ['x-forwarded-', 'x-webxterm-', 'x-auth-request-', 'x-authenticated-', 'x-link-', 'x-attach-'];

/** RFC 9110, 7.6.1: meant for this hop alone. Content-Length and Transfer-Encoding are the business of framing.ts. */
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

/** Headers that make a framework read another method than the one that was checked. */
export const methodOverrides = ['x-http-method-override', 'x-http-method', 'x-method-override'];

const isForeign = (name: string): boolean => {
  if (hopByHop.has(name) || identity.has(name)) return true;
  // Some servers read x_forwarded_for as x-forwarded-for.
  if (name.includes('_')) return true;
  return identityPrefixes.some((prefix) => name.startsWith(prefix)) && !ourClientHeaders.has(name);
};

/**
 * Removes, in place, what only the gateway may say and what is meant for this hop. Of what Connection names, that is what begins with
 * `x-`: framing.ts refuses every request whose Connection names anything else of meaning.
 */
export const dropForeignHeaders = (headers: IncomingHttpHeaders): void => {
  for (const token of (headers.connection ?? '').split(',')) {
    const name = token.trim().toLowerCase();
    if (name.startsWith('x-')) delete headers[name];
  }
  for (const name of Object.keys(headers)) if (isForeign(name)) delete headers[name];
};
