import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { hmacSha256 } from '../hmac.ts';

/** The facts about a request that the gateway passes to a service. They are trusted only with the proof. */
export interface GatewayFacts {
  readonly requestId: string;
  /** The client's address. */
  readonly clientIp: string;
  readonly proto: 'http' | 'https';
  /** The Host header as sent by the client, one of the accepted hosts. */
  readonly host: string;
  /** The W3C trace context of the request at the gateway. Undefined: it is not traced. */
  readonly traceparent?: string | undefined;
}

/** A request between gateway and service as sent on the wire. An IncomingMessage is one. */
export interface HopRequest {
  readonly method?: string | undefined;
  /** Path and query. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders | OutgoingHttpHeaders;
}

export const gatewayHeaderNames = {
  requestId: 'x-request-id',
  clientIp: 'x-forwarded-for',
  proto: 'x-forwarded-proto',
  host: 'x-forwarded-host',
  proof: 'x-webxterm-gateway',
  traceparent: 'traceparent',
} as const;

/** Response header to the gateway: the lead of its clock over the service's in seconds, when it is too large. */
export const gatewayAheadHeader = 'x-webxterm-gateway-ahead';

/** Response header to the gateway: the user whose token the service has accepted. */
export const signedInHeader = 'x-webxterm-signed-in';

/** The largest difference between the clocks of gateway and service, in ms (docs/operations.md, "Clocks"). */
export const maxSkewMs = 90_000;

/**
 * Every header that a service acts on. Bytes that precede a request on its connection could otherwise add such a header to it, because Node
 * keeps the first of two equal headers.
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

const proofOf = (key: Buffer, request: HopRequest, facts: GatewayFacts, { time, nonce }: Stamp): Buffer => {
  let text = `${request.method}\n${request.url}\n${time}\n${nonce}\n${facts.requestId}\n${facts.clientIp}\n${facts.proto}\n${facts.host}`;
  for (const name of boundHeaders) text += `\n${request.headers[name] ?? ''}`;
  // Only where it is present: services of an earlier version do not know it, and reject traced requests only.
  if (facts.traceparent !== undefined) text += `\ntraceparent ${facts.traceparent}`;
  return hmacSha256(key, text);
};

const processNonce = randomBytes(9).toString('base64url');
let proofs = 0;

/**
 * The headers that the gateway adds once all other parts of a request are final. They are valid for one send, so a repeated request needs
 * new ones. Headers of these names from the client must be removed before.
 */
export const gatewayHeaders = (
  key: Buffer,
  request: HopRequest,
  facts: GatewayFacts,
  time = Date.now(),
): Record<string, string> => {
  proofs += 1;
  const nonce = `${processNonce}${proofs.toString(36)}`;
  return {
    [gatewayHeaderNames.requestId]: facts.requestId,
    [gatewayHeaderNames.clientIp]: facts.clientIp,
    [gatewayHeaderNames.proto]: facts.proto,
    [gatewayHeaderNames.host]: facts.host,
    ...(facts.traceparent === undefined ? {} : { [gatewayHeaderNames.traceparent]: facts.traceparent }),
    [gatewayHeaderNames.proof]: `${time}.${nonce}.${proofOf(key, request, facts, { time, nonce }).toString('base64url')}`,
  };
};

/** The content of a verified proof. */
export interface Proven extends Stamp {
  readonly facts: GatewayFacts;
}

/** The content of the proof if it is valid for exactly this request, otherwise undefined. Does not check the time. */
export const readProof = (key: Buffer, request: HopRequest): Proven | undefined => {
  const text = (name: string): string => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : '';
  };
  const [time = '', nonce = '', mac = ''] = text(gatewayHeaderNames.proof).split('.');
  if (!/^\d{1,15}$/.test(time) || nonce === '') return undefined;
  const facts: GatewayFacts = {
    requestId: text(gatewayHeaderNames.requestId),
    clientIp: text(gatewayHeaderNames.clientIp),
    proto: text(gatewayHeaderNames.proto) === 'https' ? 'https' : 'http',
    host: text(gatewayHeaderNames.host),
    traceparent: text(gatewayHeaderNames.traceparent) || undefined,
  };
  const proven = { time: Number(time), nonce, facts };
  const given = Buffer.from(mac, 'base64url');
  const wanted = proofOf(key, request, facts, proven);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? proven : undefined;
};
