import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { AppError, type GatewayFacts, type Span, toAppError } from '@webxterm/shared';
import { canonicalTarget, type Target } from './canonical-target.ts';
import { clientOf, type TrustedProxies } from './client-address.ts';
import { dropForeignHeaders, methodOverrides } from './foreign-headers.ts';
import { type Framing, framingOf, writeFraming } from './framing.ts';
import type { PublicNames } from './names.ts';

/** Largest JSON body in bytes, the same as in the services. */
export const maxBody = 64 * 1024;

/** A request or upgrade that has passed the checks and may be routed. */
export interface Admitted {
  readonly facts: GatewayFacts;
  readonly target: Target;
  readonly framing: Framing;
  /** The Origin header. If present, it is an allowed origin once `checkOrigin` has passed. */
  readonly origin: string | undefined;
  /** Undefined: the request is not traced. */
  readonly span?: Span | undefined;
}

export interface RequestCheckOptions {
  readonly names: PublicNames;
  readonly proxies: TrustedProxies;
}

/** A new request id for all logs of the cluster. An id from the client is never used. */
export const newRequestId = (): string => randomUUID();

/** The framing of the request, or the error if it is invalid. Runs before any code reads or changes a header. */
export const readFraming = ({ rawHeaders, httpVersion }: IncomingMessage): Framing | AppError => {
  try {
    return framingOf(rawHeaders, httpVersion);
  } catch (error) {
    return toAppError(error);
  }
};

/**
 * The checks of every request and every upgrade before routing: Host, framing, canonical path, header removal, client address. Origin is
 * checked after routing (`checkOrigin`), because an unknown path must give 404 first.
 * @throws AppError wrong_host, uri_too_long, bad_request
 */
export const admit = (
  options: RequestCheckOptions,
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

/** Rejects method override headers, because two parsers could then disagree about the method. */
const refuseOverrides = (headers: IncomingHttpHeaders): void => {
  for (const name of methodOverrides)
    if (headers[name] !== undefined)
      throw new AppError('bad_request', `The header ${name} is not allowed: use the method itself.`);
};

export interface Credentials {
  readonly bearer: boolean;
  /** The `?token=` of a WebSocket. */
  readonly queryToken: boolean;
  readonly cookie: boolean;
}

/** Which credentials the request carries. The services check whether they are valid. */
export const credentialsOf = (request: IncomingMessage, query: string): Credentials => ({
  bearer: /^Bearer +\S/i.test(request.headers.authorization ?? ''),
  queryToken: /(^|&)token=[^&]/.test(query),
  cookie: request.headers.cookie !== undefined,
});

/**
 * An Origin header must be exactly one of the allowed origins; `null` never is. Without the header no browser page sent the request.
 * @throws AppError origin_not_allowed
 */
export const checkOrigin = (names: PublicNames, origin: string | undefined): void => {
  if (origin !== undefined && !names.origins.has(origin)) throw new AppError('origin_not_allowed');
};

/**
 * On routes that accept a cookie, a request without Origin also needs a Bearer token or `?token=`, because a browser sends cookies
 * automatically.
 * @throws AppError origin_not_allowed
 */
export const checkCookieUse = (origin: string | undefined, { bearer, queryToken, cookie }: Credentials): void => {
  if (origin === undefined && cookie && !bearer && !queryToken)
    throw new AppError('origin_not_allowed', 'A request with a cookie needs the Origin of this server.');
};
