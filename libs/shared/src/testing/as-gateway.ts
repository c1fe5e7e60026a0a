import { type GatewayFacts, gatewayHeaders } from '../http/gateway-proof.ts';
import { undeclaredAnswer } from './declared-answer.ts';

export interface GatewayCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The Content-Length that fetch adds. It must be known before the proof is made. */
const lengthOf = (method: string, body: string | undefined): string | undefined => {
  if (body !== undefined) return String(Buffer.byteLength(body));
  return ['POST', 'PUT', 'PATCH'].includes(method) ? '0' : undefined;
};

/**
 * Sends a request to a service in the same way as the gateway, with a proof for this request. An answer that the route does not declare
 * fails the test.
 */
export const fetchAsGateway = async (
  key: Buffer,
  facts: GatewayFacts,
  url: string,
  call: GatewayCall = {},
): Promise<Response> => {
  const { method = 'GET', body, signal } = call;
  // The values as received: the whitespace around a value is not part of it (RFC 9112, 5.1).
  const given = Object.entries(call.headers ?? {}).map(([name, value]) => [name, value.trim()] as const);
  const headers = { 'user-agent': 'test', ...Object.fromEntries(given) };
  const { pathname, search } = new URL(url);
  const length = lengthOf(method, body);
  const written = length === undefined ? headers : { ...headers, 'content-length': length };
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...gatewayHeaders(key, { method, url: `${pathname}${search}`, headers: written }, facts) },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
  const problem = undeclaredAnswer(method, pathname, { status: response.status, body: await jsonOf(response) });
  if (problem !== undefined) throw new Error(problem);
  return response;
};

/** The JSON of a response, which the caller can still read. Undefined for another type: a stream of events has no end. */
const jsonOf = (response: Response): Promise<unknown> | undefined =>
  response.headers.get('content-type')?.startsWith('application/json') === true ? response.clone().json() : undefined;
