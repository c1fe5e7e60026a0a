import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { dropForeignHeaders } from './foreign-headers.ts';

describe('headers from outside', () => {
  it('lose those that only the gateway may set, and those that are meant for one hop', () => {
    const headers: IncomingHttpHeaders = {
      host: 'localhost',
      authorization: 'Bearer x',
      'content-type': 'application/json',
      'x-webxterm-browser': '1',
      'x-webxterm-gateway': 'forged',
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-anything': 'x',
      forwarded: 'for=1.2.3.4',
      'x-real-ip': '1.2.3.4',
      x_forwarded_for: '1.2.3.4',
      'x-request-id': 'mine',
      traceparent: 'mine',
      tracestate: 'mine',
      baggage: 'mine',
      'x-original-url': '/api/admin',
      expect: '100-continue',
      connection: 'keep-alive, X-Special',
      'x-special': 'hop',
    };
    dropForeignHeaders(headers);
    expect(Object.keys(headers).sort()).toEqual(['authorization', 'content-type', 'host', 'x-webxterm-browser']);
  });

  it('cannot use Connection to remove an important header', () => {
    const kept = {
      host: 'h',
      'transfer-encoding': 'chunked',
      'content-length': '5',
      authorization: 'Bearer x',
      origin: 'o',
    };
    const headers: IncomingHttpHeaders = { ...kept, connection: Object.keys(kept).join(', ') };
    dropForeignHeaders(headers);
    expect(headers).toEqual(kept);
  });
});
