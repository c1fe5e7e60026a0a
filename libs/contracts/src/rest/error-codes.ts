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

const signedInErrors: readonly ErrorCode[] = [
  'unauthenticated',
  'token_not_allowed',
  // For a sign-in not on routes with `beforeEnrolment`, for a token on every one.
  'second_factor_enrolment_required',
  'too_many_requests',
];

/** Every error code that a route may return. */
export const errorCodesOf = (route: Route): readonly ErrorCode[] => [
  ...commonErrors,
  ...(route.body === undefined ? [] : withBody),
  ...(route.query === undefined && route.params === undefined ? [] : (['invalid_input'] as const)),
  ...(route.access === 'public' ? [] : signedInErrors),
  ...(route.access === 'admin' ? (['forbidden'] as const) : []),
  ...(route.owner === 'auth' ? (['too_many_requests'] as const) : []),
  ...(route.errors ?? []),
];
