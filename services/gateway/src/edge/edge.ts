import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { AppError, type EdgeFacts, toAppError } from '@webxterm/shared';
import { canonicalTarget, type Target } from './canonical-target.ts';
import { clientOf, type TrustedProxies } from './client-address.ts';
import { dropForeignHeaders, methodOverrides } from './foreign-headers.ts';
import { type Framing, framingOf, writeFraming } from './framing.ts';
import type { DoorNames } from './names.ts';

/** Largest JSON body, as the services have it. */
export const maxBody = 64 * 1024;

/** A request or upgrade that may go on to routing. */
export interface Admitted {
  readonly facts: EdgeFacts;
  readonly target: Target;
  readonly framing: Framing;
  /** The Origin when there is one; it is one of ours then. */
  readonly origin: string | undefined;
}

export interface EdgeOptions {
  readonly names: DoorNames;
  readonly proxies: TrustedProxies;
}

/** The id under which every log of the cluster knows this request. Made here, never taken from outside. */
export const newRequestId = (): string => randomUUID();

/** The framing of what came, or why it has none. Comes before everything else that reads or changes a header. */
export const readFraming = ({ rawHeaders, httpVersion }: IncomingMessage): Framing | AppError => {
  try {
    return framingOf(rawHeaders, httpVersion);
  } catch (error) {
    return toAppError(error);
  }
};

/**
 * What every request and every upgrade passes first, the same for both and before anything is routed: Host, framing, canonical path,
 * header stripping, who the client is. Origin waits for the routing (`checkOrigin`), for a path that is not there is 404 first.
 * @throws AppError wrong_host, uri_too_long, bad_request
 */
export const admit = (
  options: EdgeOptions,
  request: IncomingMessage,
  requestId: string,
  framing: Framing | AppError,
): Admitted => {
  const { headers } = request;
  const host = headers.host?.toLowerCase() ?? '';
  if (!options.names.hosts.has(host)) throw new AppError('wrong_host');
  if (framing instanceof AppError) throw framing;
  const target = canonicalTarget(request.url ?? '');
  refuseOverrides(headers);
  const client = clientOf(options.proxies, peerOf(request), headers);
  const origin = headers.origin;
  dropForeignHeaders(headers);
  writeFraming(headers, framing, request.method);
  return { facts: { requestId, host, ...client }, target, framing, origin };
};

const peerOf = ({ socket }: IncomingMessage) => ({
  address: socket.remoteAddress,
  encrypted: socket instanceof TLSSocket,
});

/** Where two parsers could disagree about the method of a request, it is no request. */
const refuseOverrides = (headers: IncomingHttpHeaders): void => {
  for (const name of methodOverrides)
    if (headers[name] !== undefined)
      throw new AppError('bad_request', `The header ${name} is not taken: use the method itself.`);
};

export interface Credentials {
  readonly bearer: boolean;
  /** A WebSocket's ?token=. */
  readonly queryToken: boolean;
  readonly cookie: boolean;
}

/** What the request brings to prove who it is; whether it is any good, the services say. */
export const credentialsOf = (request: IncomingMessage, query: string): Credentials => ({
  bearer: /^Bearer +\S/i.test(request.headers.authorization ?? ''),
  queryToken: /(^|&)token=[^&]/.test(query),
  cookie: request.headers.cookie !== undefined,
});

/** The Origin rule: one of ours, exactly; `null` never. None at all comes from no page. @throws AppError origin_not_allowed */
export const checkOrigin = (names: DoorNames, origin: string | undefined): void => {
  if (origin !== undefined && !names.origins.has(origin)) throw new AppError('origin_not_allowed');
};

/**
 * Where a cookie would count, a request without Origin needs a Bearer token or ?token=: a browser sends cookies by itself.
 * @throws AppError origin_not_allowed
 */
export const checkCookieUse = (origin: string | undefined, { bearer, queryToken, cookie }: Credentials): void => {
  if (origin === undefined && cookie && !bearer && !queryToken)
    throw new AppError('origin_not_allowed', 'A request with a cookie needs the Origin of this server.');
};
