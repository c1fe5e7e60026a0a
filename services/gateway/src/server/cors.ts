import type { IncomingMessage, ServerResponse } from 'node:http';

/** Whether the request is a CORS preflight. */
export const isPreflight = (request: IncomingMessage): boolean =>
  request.method === 'OPTIONS' &&
  request.headers.origin !== undefined &&
  request.headers['access-control-request-method'] !== undefined;

/** CORS headers for an allowed origin. No credentials: other origins use Bearer tokens, and the cookies are SameSite=Strict. */
export const corsHeaders = (response: ServerResponse, origin: string): void => {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader(
    'access-control-expose-headers',
    'x-request-id, retry-after, etag, accept-ranges, content-range, content-disposition',
  );
  response.setHeader('vary', 'origin');
};

export const preflightHeaders = (allow: readonly string[]): Record<string, string> => ({
  allow: allow.join(', '),
  'access-control-allow-methods': allow.join(', '),
  'access-control-allow-headers':
    'authorization, content-type, range, if-range, if-match, if-none-match, x-webxterm-browser',
  'access-control-max-age': '600',
});
