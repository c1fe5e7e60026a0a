import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errorCatalog } from '@webxterm/contracts/errors';
import { allRoutes, ErrorBody, type Route, TerminalQuery, terminalHeader } from '@webxterm/contracts/rest';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';

type ErrorStatus = (typeof errorCatalog)[ErrorCode]['status'];

/** Errors that the gateway returns before routing: shared responses of all routes. */
const ofTheGateway = {
  ContentTooLarge: 'payload_too_large',
  RequestTimeout: 'request_timeout',
  UriTooLong: 'uri_too_long',
  ExpectationFailed: 'expectation_failed',
  WrongHost: 'wrong_host',
  UpgradeRequired: 'upgrade_required',
  HeadersTooLarge: 'headers_too_large',
  InternalError: 'internal',
} as const satisfies Record<string, ErrorCode>;
const everyRoute: readonly ErrorCode[] = [
  ...Object.values(ofTheGateway),
  'bad_request',
  'origin_not_allowed',
  'unavailable',
];
const withBody: readonly ErrorCode[] = ['invalid_input', 'unsupported_media_type'];

/** Every error code that a route may return. */
export const codesOf = (route: Route): readonly ErrorCode[] => [
  ...everyRoute,
  ...(route.body === undefined ? [] : withBody),
  ...(route.query === undefined && route.params === undefined ? [] : (['invalid_input'] as const)),
  ...(route.access === 'public' ? [] : (['unauthenticated'] as const)),
  ...(route.access === 'admin' ? (['forbidden'] as const) : []),
  ...(route.owner === 'auth' ? (['too_many_requests'] as const) : []),
  ...(route.errors ?? []),
];

const statusKey = (status: ErrorStatus): `${ErrorStatus}` => `${status}`;

/** Error responses by status, each with its codes and their messages. */
const errorResponses = (codes: readonly ErrorCode[]): ZodOpenApiResponsesObject => {
  const byStatus = new Map<ErrorStatus, Set<ErrorCode>>();
  for (const code of codes) {
    const { status } = errorCatalog[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  const responses: ZodOpenApiResponsesObject = {};
  for (const [status, set] of [...byStatus].sort(([a], [b]) => a - b)) {
    const own = errorResponse(status, [...set]);
    const [only] = set;
    responses[statusKey(status)] = set.size === 1 && only !== undefined ? (shared.get(only) ?? own) : own;
  }
  return responses;
};

const retryAfter = z.string().meta({ description: 'Seconds to wait before the next try.' });

/** `x-error-codes`: the codes of the status, for programs. */
const errorResponse = (status: ErrorStatus, codes: readonly ErrorCode[]): ZodOpenApiResponseObject => ({
  description: codes.map((code) => `\`${code}\`: ${errorCatalog[code].message}`).join('\n\n'),
  content: { 'application/json': { schema: ErrorBody } },
  ...(status === 429 || status === 503 ? { headers: z.object({ 'retry-after': retryAfter }) } : {}),
  'x-error-codes': [...codes],
});

const shared = new Map<ErrorCode, ZodOpenApiResponseObject>(
  Object.entries(ofTheGateway).map(([id, code]) => [code, { id, ...errorResponse(errorCatalog[code].status, [code]) }]),
);

const security: Record<Route['access'], ZodOpenApiOperationObject['security']> = {
  public: [],
  user: [{ bearer: [] }],
  admin: [{ bearer: [] }],
  cookie: [{ bearer: [] }, { browserCookie: [] }],
};

const operation = (route: Route): ZodOpenApiOperationObject => {
  const { schema, status, stream } = route.success;
  const type = stream ?? 'application/json';
  const content =
    schema === undefined
      ? stream === undefined
        ? undefined
        : { [type]: { schema: z.string() } }
      : { [type]: { schema } };
  return {
    operationId: route.id,
    tags: [route.owner],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: security[route.access] ?? [],
    ...(route.params === undefined && route.query === undefined
      ? {}
      : {
          requestParams: {
            ...(route.params === undefined ? {} : { path: route.params }),
            ...(route.query === undefined ? {} : { query: route.query }),
          },
        }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: route.body } } } }),
    responses: {
      [`${status}`]: { description: STATUS_CODES[status] ?? '', ...(content === undefined ? {} : { content }) },
      ...errorResponses(codesOf(route)),
    },
  };
};

/** The handshake of the WebSocket. OpenAPI cannot describe its frames. */
const terminalSocket: ZodOpenApiOperationObject = {
  operationId: 'terminalSocket',
  tags: ['terminal'],
  summary: "A terminal's WebSocket",
  description:
    'A WebSocket handshake (RFC 6455, version 13). `token` is a JWT, a one-use ticket or a resume pass. Without a subprotocol every ' +
    'frame from the client is input and every frame to it is output. `webxterm.v1` speaks binary frames with offsets, `webxterm.json` ' +
    'JSON frames: docs/protocol.md has both. With `webxterm.v1` a frame and a close code report an unknown or offline machine.',
  security: [{ queryToken: [] }, { bearer: [] }],
  requestParams: {
    path: z.object({ agent_id: z.string() }),
    query: TerminalQuery.omit({ token: true }),
    header: z.object({
      'sec-websocket-protocol': z.enum(['webxterm.v1', 'webxterm.json']).optional(),
    }),
  },
  responses: {
    '101': {
      description: 'The WebSocket is open.',
      headers: z.object({
        [terminalHeader.sessionId]: z.string().optional(),
        [terminalHeader.viewerId]: z.string().optional(),
        [terminalHeader.streamOffset]: z
          .string()
          .optional()
          .meta({ description: 'Raw mode: absolute offset of the first byte that follows.' }),
      }),
    },
    ...errorResponses([
      ...everyRoute,
      'invalid_input',
      'unauthenticated',
      'user_disabled',
      'view_only',
      'machine_not_found',
      'session_not_found',
      'too_many_terminals',
      'too_many_sessions',
      'machine_offline',
      'shell_not_started',
      'kind_not_supported',
    ]),
  },
};

const paths = (): ZodOpenApiPathsObject => {
  const all: ZodOpenApiPathsObject = { '/api/terminal/{agent_id}/ws': { get: terminalSocket } };
  for (const route of allRoutes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    all[path] = { ...all[path], [route.method]: operation(route) };
  }
  return all;
};

/** OpenAPI 3.1 of every declared route, and of the terminal's WebSocket. */
export const openApiDocument = (options: { publicUrl: string; version: string; installationId: string }): object => {
  const description: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: {
      title: 'WebXTerm',
      version: options.version,
      description: 'Terminals to a fleet of machines. Errors are `{error, code, request_id}`; `code` is stable.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.publicUrl }],
    tags: [
      { name: 'auth', description: 'Accounts and sign-ins' },
      { name: 'agent-hub', description: 'Machines' },
      { name: 'terminal', description: 'Terminals and their sessions' },
      { name: 'gateway', description: 'API documents, health and discovery' },
    ],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        queryToken: { type: 'apiKey', in: 'query', name: 'token' },
        browserCookie: { type: 'apiKey', in: 'cookie', name: `wxt_${options.installationId}` },
      },
    },
    paths: paths(),
  };
  return createDocument(description);
};
