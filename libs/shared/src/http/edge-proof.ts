import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
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

/** A request between gateway and service, as it is written on the wire; an IncomingMessage is one. */
export interface HopRequest {
  readonly method?: string | undefined;
  /** Path and query. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders | OutgoingHttpHeaders;
}

export const edgeHeader = {
  requestId: 'x-request-id',
  clientIp: 'x-forwarded-for',
  proto: 'x-forwarded-proto',
  host: 'x-forwarded-host',
  proof: 'x-webxterm-gateway',
} as const;

/** Of an answer to the gateway: by how many seconds its clock is ahead of the service's, when that is too much. */
export const gatewayAheadHeader = 'x-webxterm-gateway-ahead';

/** In an answer to the gateway: the user whose token the service has accepted. */
export const signedInHeader = 'x-webxterm-signed-in';

/** Clocks of gateway and service may differ by this much, in ms (docs/operations.md, "Clocks"). */
export const maxSkewMs = 90_000;

/**
 * Every header that a service acts on. Bytes that precede a request on its connection could otherwise add one of them to it,
 * because Node keeps the first of two equal headers.
 */
const boundHeaders = [
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'origin',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-webxterm-browser',
] as const;

interface Stamp {
  /** ms since 1970, by the gateway's clock. */
  readonly time: number;
  /** Unique among all proofs of all gateways. */
  readonly nonce: string;
}

const proofOf = (key: Buffer, request: HopRequest, facts: EdgeFacts, { time, nonce }: Stamp): Buffer => {
  let text = `${request.method}\n${request.url}\n${time}\n${nonce}\n${facts.requestId}\n${facts.clientIp}\n${facts.proto}\n${facts.host}`;
  for (const name of boundHeaders) text += `\n${request.headers[name] ?? ''}`;
  return hmacSha256(key, text);
};

const processNonce = randomBytes(9).toString('base64url');
let proofs = 0;

/**
 * The headers that the gateway adds to a request once everything else of it is final. They hold for this one sending of it: a request
 * that is sent again needs new ones. What came under these names from outside must be gone by then.
 */
export const edgeHeaders = (
  key: Buffer,
  request: HopRequest,
  facts: EdgeFacts,
  time = Date.now(),
): Record<string, string> => {
  proofs += 1;
  const nonce = `${processNonce}${proofs.toString(36)}`;
  return {
    [edgeHeader.requestId]: facts.requestId,
    [edgeHeader.clientIp]: facts.clientIp,
    [edgeHeader.proto]: facts.proto,
    [edgeHeader.host]: facts.host,
    [edgeHeader.proof]: `${time}.${nonce}.${proofOf(key, request, facts, { time, nonce }).toString('base64url')}`,
  };
};

/** What a proof says, once it is known to be the gateway's own. */
export interface Proven extends Stamp {
  readonly facts: EdgeFacts;
}

/** The facts, when the gateway vouches for exactly this request; undefined otherwise. Says nothing about the time. */
export const readProof = (key: Buffer, request: HopRequest): Proven | undefined => {
  const text = (name: string): string => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : '';
  };
  const [time = '', nonce = '', mac = ''] = text(edgeHeader.proof).split('.');
  if (!/^\d{1,15}$/.test(time) || nonce === '') return undefined;
  const facts: EdgeFacts = {
    requestId: text(edgeHeader.requestId),
    clientIp: text(edgeHeader.clientIp),
    proto: text(edgeHeader.proto) === 'https' ? 'https' : 'http',
    host: text(edgeHeader.host),
  };
  const proven = { time: Number(time), nonce, facts };
  const given = Buffer.from(mac, 'base64url');
  const wanted = proofOf(key, request, facts, proven);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? proven : undefined;
};
