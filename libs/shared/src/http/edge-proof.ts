import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { hmacSha256 } from '../hmac.ts';

/** What the gateway tells a service about a request. Believed only with the proof. */
export interface EdgeFacts {
  readonly requestId: string;
  /** The client's address. */
  readonly clientIp: string;
  readonly proto: 'http' | 'https';
  /** Host header as the client sent it (one of ours). */
  readonly host: string;
}

export const edgeHeader = {
  requestId: 'x-request-id',
  clientIp: 'x-forwarded-for',
  proto: 'x-forwarded-proto',
  host: 'x-forwarded-host',
  proof: 'x-webxterm-gateway',
} as const;

const proofOf = (key: Buffer, facts: EdgeFacts): Buffer =>
  hmacSha256(key, [facts.requestId, facts.clientIp, facts.proto, facts.host].join('\n'));

/** The headers that the gateway sets, after it has dropped whatever came under these names from outside. */
export const edgeHeaders = (key: Buffer, facts: EdgeFacts): Record<string, string> => ({
  [edgeHeader.requestId]: facts.requestId,
  [edgeHeader.clientIp]: facts.clientIp,
  [edgeHeader.proto]: facts.proto,
  [edgeHeader.host]: facts.host,
  [edgeHeader.proof]: proofOf(key, facts).toString('base64url'),
});

/** The facts, when the gateway vouches for them; undefined for a request that did not come through it. */
export const readEdgeFacts = (key: Buffer, headers: IncomingHttpHeaders): EdgeFacts | undefined => {
  const text = (name: string): string => {
    const value = headers[name];
    return typeof value === 'string' ? value : '';
  };
  const proto = text(edgeHeader.proto) === 'https' ? 'https' : 'http';
  const facts: EdgeFacts = {
    requestId: text(edgeHeader.requestId),
    clientIp: text(edgeHeader.clientIp),
    proto,
    host: text(edgeHeader.host),
  };
  const given = Buffer.from(text(edgeHeader.proof), 'base64url');
  const wanted = proofOf(key, facts);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? facts : undefined;
};
