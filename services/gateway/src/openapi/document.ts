import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errorCatalog } from '@webxterm/contracts/errors';
import {
  allRoutes,
  commonErrors,
  ErrorBody,
  errorCodesOf,
  ForwardQuery,
  gatewayErrors,
  type Route,
  SshQuery,
  TerminalQuery,
  terminalHeader,
} from '@webxterm/contracts/rest';
import { sshRights } from '@webxterm/contracts/session-kinds';
import { scopesFor } from '@webxterm/contracts/token-scopes';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { exampleOf } from './example.ts';

type ErrorStatus = (typeof errorCatalog)[ErrorCode]['status'];

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

const retryAfter = z.string().meta({ description: 'Seconds to wait before the next try.', example: '2' });
const requestId = z.string().meta({
  description: 'Names this request in every log of the cluster.',
  example: '9f1c2b7a-2d0c-4d57-8a53-0d7b5a2f4c11',
});
const cacheControl = z.string().meta({ description: 'The answer must not be stored.', example: 'no-store' });
const authenticateHeader = z.string().meta({ description: 'RFC 9110, 11.6.1.', example: 'Bearer' });

/** The headers of an error response by its status. */
const errorHeaders = (status: ErrorStatus) =>
  z.object({
    'x-request-id': requestId,
    'cache-control': cacheControl,
    ...(status === 401 ? { 'www-authenticate': authenticateHeader } : {}),
    ...(status === 429 || status === 503 ? { 'retry-after': retryAfter } : {}),
  });

/** `x-error-codes`: the codes of the status, for programs. */
const errorResponse = (status: ErrorStatus, codes: readonly ErrorCode[]): ZodOpenApiResponseObject => ({
  description: codes.map((code) => `\`${code}\`: ${errorCatalog[code].message}`).join('\n\n'),
  headers: errorHeaders(status),
  content: { 'application/json': { schema: ErrorBody } },
  'x-error-codes': [...codes],
});

const shared = new Map<ErrorCode, ZodOpenApiResponseObject>(
  Object.entries(gatewayErrors).map(([id, code]) => [
    code,
    { id, ...errorResponse(errorCatalog[code].status, [code]) },
  ]),
);

const security: Record<Route['access'], ZodOpenApiOperationObject['security']> = {
  public: [],
  user: [{ bearer: [] }],
  admin: [{ bearer: [] }],
  cookie: [{ bearer: [] }, { browserCookie: [] }],
};

/** A route that accepts access tokens names each scope that is enough. */
const securityOf = ({ id, access }: Route): NonNullable<ZodOpenApiOperationObject['security']> => [
  ...(security[access] ?? []),
  ...(access === 'public' ? [] : scopesFor(id).map((scope) => ({ accessToken: [scope] }))),
];

/** `binary` has no meaning in JSON Schema, but generators of clients make bytes of it, not text. */
const bytes = z.string().meta({ format: 'binary' });

const contentOf = (type: string): z.ZodString =>
  type === 'application/octet-stream' || type.startsWith('image/') ? bytes : z.string();

/** OpenAPI 3.1 has no words for the items of a stream: the JSON Schema of the data of each event, by its name. */
const eventSchemas = (events: Readonly<Record<string, z.ZodType>>) =>
  Object.fromEntries(Object.entries(events).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'output' })]));

const rangeHeaders = {
  etag: z.string().meta({ example: '"1-2k-b4-d9"' }),
  'accept-ranges': z.string().meta({ example: 'bytes' }),
};

/** The response with the part of the content that a request asked for. */
const partialContent = (content: ZodOpenApiResponseObject['content']): ZodOpenApiResponseObject => ({
  description: STATUS_CODES[206] ?? '',
  headers: z.object({
    'x-request-id': requestId,
    ...rangeHeaders,
    'content-range': z.string().meta({ description: 'RFC 9110, 14.4.', example: 'bytes 0-1023/4096' }),
  }),
  ...(content === undefined ? {} : { content }),
});

const operation = (route: Route): ZodOpenApiOperationObject => {
  const { schema, status, stream, events } = route.success;
  const type = stream ?? 'application/json';
  const content =
    schema === undefined
      ? stream === undefined
        ? undefined
        : { [type]: { schema: contentOf(type), ...(events === undefined ? {} : { 'x-events': eventSchemas(events) }) } }
      : { [type]: { schema, example: exampleOf(schema, 'output') } };
  return {
    operationId: route.id,
    tags: [route.owner],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: securityOf(route),
    ...(route.params === undefined && route.query === undefined
      ? {}
      : {
          requestParams: {
            ...(route.params === undefined ? {} : { path: route.params }),
            ...(route.query === undefined ? {} : { query: route.query }),
            ...(route.headers === undefined ? {} : { header: route.headers }),
          },
        }),
    ...(route.upload === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/octet-stream': { schema: bytes } } } }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: route.body, example: exampleOf(route.body, 'input') } },
          },
        }),
    responses: {
      [`${status}`]: {
        description: STATUS_CODES[status] ?? '',
        headers: z.object({ 'x-request-id': requestId, ...(route.success.ranges === true ? rangeHeaders : {}) }),
        ...(content === undefined ? {} : { content }),
      },
      ...(route.success.ranges === true ? { '206': partialContent(content) } : {}),
      ...errorResponses(errorCodesOf(route)),
    },
  };
};

/** The handshake of the WebSocket. OpenAPI cannot describe its frames. */
const terminalSocket: ZodOpenApiOperationObject = {
  operationId: 'terminalSocket',
  tags: ['terminal'],
  summary: "A terminal's WebSocket",
  description:
    'A WebSocket handshake (RFC 6455, version 13). `token` is a JWT, a one-use ticket or a resume pass. A personal access token is accepted in the Authorization header only. Without a subprotocol every ' +
    'frame from the client is input and every frame to it is output. `webxterm.v1` speaks binary frames with offsets, `webxterm.json` ' +
    'JSON frames: docs/protocol.md has both. With `webxterm.v1` a frame and a close code report an unknown or offline machine.',
  security: [{ queryToken: [] }, { bearer: [] }, { accessToken: ['open'] }],
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
      ...commonErrors,
      'invalid_input',
      'unauthenticated',
      'token_not_allowed',
      'too_many_requests',
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

/** The handshake of the WebSocket of a forwarded connection. */
const forwardSocket: ZodOpenApiOperationObject = {
  operationId: 'forwardSocket',
  tags: ['terminal'],
  summary: 'A TCP connection from a machine to an address that it reaches',
  description:
    'A WebSocket handshake (RFC 6455, version 13) with the subprotocol `webxterm.v1`. `token` is a JWT or a resume pass. A personal access ' +
    'token is accepted in the Authorization header and as a subprotocol. docs/forwards.md describes the bytes. The machine connects to ' +
    '`host` and `port` if its agent.yaml allows that; a frame and a close code say so if not.',
  security: [{ queryToken: [] }, { bearer: [] }, { accessToken: ['forward'] }],
  requestParams: {
    path: z.object({ agent_id: z.string() }),
    query: ForwardQuery.omit({ token: true }),
    header: z.object({ 'sec-websocket-protocol': z.enum(['webxterm.v1']) }),
  },
  responses: {
    '101': { description: 'The WebSocket is open.' },
    ...errorResponses([
      ...commonErrors,
      'invalid_input',
      'unauthenticated',
      'token_not_allowed',
      'user_disabled',
      'second_factor_enrolment_required',
    ]),
  },
};

/** The handshake of the WebSocket of an ssh connection. */
const sshSocket: ZodOpenApiOperationObject = {
  ...forwardSocket,
  operationId: 'sshSocket',
  summary: 'A connection to the ssh server of an agent',
  description:
    'A WebSocket handshake (RFC 6455, version 13) with the subprotocol `webxterm.v1`. `token` is a JWT or a resume pass. A personal access ' +
    'token is accepted in the Authorization header and as a subprotocol, with one of the scopes: those that it has decide what the connection ' +
    'may do. docs/ssh.md describes the bytes.',
  security: [{ queryToken: [] }, { bearer: [] }, { accessToken: [...sshRights] }],
  requestParams: { ...forwardSocket.requestParams, query: SshQuery.omit({ token: true }) },
};

const paths = (): ZodOpenApiPathsObject => {
  const all: ZodOpenApiPathsObject = {
    '/api/terminal/{agent_id}/ws': { get: terminalSocket },
    '/api/terminal/{agent_id}/tcp': { get: forwardSocket },
    '/api/terminal/{agent_id}/ssh': { get: sshSocket },
  };
  for (const route of allRoutes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    all[path] = { ...all[path], [route.method]: operation(route) };
  }
  return all;
};

/** OpenAPI 3.1 of every declared route, and of the WebSockets. */
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
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'vsay_pat_…',
          description:
            'A personal access token with the scope that the operation names. A route without one refuses such tokens.',
        },
        queryToken: { type: 'apiKey', in: 'query', name: 'token' },
        browserCookie: { type: 'apiKey', in: 'cookie', name: `wxt_${options.installationId}` },
      },
    },
    paths: paths(),
  };
  return createDocument(description);
};
