import type { ErrorCode } from '../errors.ts';
import type { Route } from './route.ts';

/** Errors that the gateway returns before routing, by the names of their shared responses in OpenAPI. */
export const gatewayErrors = {
  ContentTooLarge: 'payload_too_large',
  RequestTimeout: 'request_timeout',
  UriTooLong: 'uri_too_long',
  ExpectationFailed: 'expectation_failed',
  WrongHost: 'wrong_host',
  UpgradeRequired: 'upgrade_required',
  HeadersTooLarge: 'headers_too_large',
  InternalError: 'internal',
} as const satisfies Record<string, ErrorCode>;

/** Errors that every route may return. */
export const commonErrors: readonly ErrorCode[] = [
  ...Object.values(gatewayErrors),
  'bad_request',
  'origin_not_allowed',
  'unavailable',
];
const withBody: readonly ErrorCode[] = ['invalid_input', 'unsupported_media_type'];

/** Every error code that a route may return. */
export const errorCodesOf = (route: Route): readonly ErrorCode[] => [
  ...commonErrors,
  ...(route.body === undefined ? [] : withBody),
  ...(route.query === undefined && route.params === undefined ? [] : (['invalid_input'] as const)),
  ...(route.access === 'public' ? [] : (['unauthenticated', 'token_not_allowed', 'too_many_requests'] as const)),
  ...(route.access === 'admin' ? (['forbidden'] as const) : []),
  ...(route.owner === 'auth' ? (['too_many_requests'] as const) : []),
  ...(route.errors ?? []),
];
