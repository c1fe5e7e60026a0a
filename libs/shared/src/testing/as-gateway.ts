import { type EdgeFacts, edgeHeaders } from '../http/edge-proof.ts';

export interface GatewayCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** fetch adds these by itself, so they have to be known before the proof is made. */
const lengthOf = (method: string, body: string | undefined): string | undefined => {
  if (body !== undefined) return String(Buffer.byteLength(body));
  return ['POST', 'PUT', 'PATCH'].includes(method) ? '0' : undefined;
};

/** Calls a service in the gateway's place: the proof is for this very request. */
export const fetchAsGateway = (
  key: Buffer,
  facts: EdgeFacts,
  url: string,
  call: GatewayCall = {},
): Promise<Response> => {
  const { method = 'GET', body, signal } = call;
  // As they arrive: the blanks around a value are no part of it (RFC 9112, 5.1).
  const given = Object.entries(call.headers ?? {}).map(([name, value]) => [name, value.trim()] as const);
  const headers = { 'user-agent': 'test', ...Object.fromEntries(given) };
  const { pathname, search } = new URL(url);
  const length = lengthOf(method, body);
  const written = length === undefined ? headers : { ...headers, 'content-length': length };
  return fetch(url, {
    method,
    headers: { ...headers, ...edgeHeaders(key, { method, url: `${pathname}${search}`, headers: written }, facts) },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
};
