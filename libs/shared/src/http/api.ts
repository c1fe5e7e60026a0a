import { createServer, type Server } from 'node:http';
import type { SigninEntry } from '@webxterm/contracts/bus';
import type { Route, RouteInput, RouteOutput } from '@webxterm/contracts/rest';
import { scopesFor, type TokenLimits } from '@webxterm/contracts/token-scopes';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { type HttpLogger, pinoHttp } from 'pino-http';
import type { JwtKey } from '../config/settings.ts';
import { AppError } from '../errors.ts';
import { closeServer } from '../lifecycle/close-server.ts';
import { listenAt } from '../lifecycle/listen-at.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import { logFailure } from '../log/log-failure.ts';
import { type Logger, loggablePath } from '../log/logger.ts';
import type { AllowList, SigninUse } from '../signins/allow-list.ts';
import { type KnownTokens, requireScope } from '../signins/known-tokens.ts';
import { verifyAccessToken } from '../tokens/access-token.ts';
import { isPersonalToken } from '../tokens/personal-token.ts';
import { continueTrace, inSpan, type Span } from '../tracing/trace.ts';
import { bearerToken } from './bearer-token.ts';
import { errorBody, errorHeaders, toAppError } from './error-body.ts';
import { GatewayClockError, GatewayGuard } from './gateway-guard.ts';
import { type GatewayFacts, gatewayAheadHeader, signedInHeader } from './gateway-proof.ts';
import { parseBody, parseInput } from './request-input.ts';
import { inRequestScope } from './request-scope.ts';

/** The caller, from the allow-list entry of the token's sign-in. */
export interface Caller {
  readonly userId: string;
  readonly username: string;
  readonly role: SigninEntry['role'];
  readonly sid: string;
  /** Expiry of the token, in seconds since 1970. */
  readonly tokenExpiresAt: number;
  /** The limits of the caller's access token. Undefined: the caller signed in. */
  readonly token?: TokenLimits | undefined;
}

/** The context of a request, beside the parsed parts of its route. */
export interface RequestContext extends GatewayFacts {
  readonly userAgent: string;
  readonly logger: Logger;
  readonly request: Request;
  readonly response: Response;
}

type CallerOf<R extends Route> = R['access'] extends 'public' | 'cookie' ? Caller | undefined : Caller;

export type RouteHandler<R extends Route> = (
  input: RouteInput<R> & { caller: CallerOf<R>; context: RequestContext },
) => Promise<RouteOutput<R>>;

export interface ApiOptions {
  readonly gatewayKey: Buffer;
  readonly jwtKeys: readonly JwtKey[];
  readonly allowList: Pick<AllowList, 'find'>;
  /** Undefined: personal access tokens are refused. */
  readonly accessTokens?: Pick<KnownTokens, 'find'>;
  readonly logger: Logger;
  readonly now?: () => number;
}

/**
 * In bytes: the gateway's limit (16 KiB) and the headers that it adds. So the gateway rejects oversized headers, with an error of the API.
 */
const maxHeaderSize = 32 * 1024;

/**
 * The caller of the JWT of a sign-in. Other kinds of tokens are refused, and so is a JWT for the sid of an access token.
 * @throws AppError unauthenticated, second_factor_enrolment_required, unavailable
 */
export const authenticate = async (
  options: Pick<ApiOptions, 'jwtKeys' | 'allowList' | 'now'>,
  token: string,
  use: SigninUse = {},
): Promise<Caller> => {
  const claims = verifyAccessToken(options.jwtKeys, token, options.now && options.now() / 1000);
  const entry = await options.allowList.find(claims.sid, use);
  if (entry.user_id !== claims.sub || entry.token !== undefined) throw new AppError('unauthenticated');
  return {
    userId: entry.user_id,
    username: entry.username,
    role: entry.role,
    sid: claims.sid,
    tokenExpiresAt: claims.exp,
  };
};

/**
 * The caller of a JWT or of a personal access token. `clientIp`: the address of the client.
 * @throws AppError unauthenticated, second_factor_enrolment_required, token_not_allowed, too_many_requests, unavailable
 */
export const authenticateAny = async (
  options: Pick<ApiOptions, 'jwtKeys' | 'allowList' | 'accessTokens' | 'now'>,
  token: string,
  clientIp: string,
  use: SigninUse = {},
): Promise<Caller> => {
  if (!isPersonalToken(token)) return authenticate(options, token, use);
  if (options.accessTokens === undefined) throw new AppError('unauthenticated');
  const { sid, entry } = await options.accessTokens.find(token, clientIp);
  return {
    userId: entry.user_id,
    username: entry.username,
    role: entry.role,
    sid,
    tokenExpiresAt: entry.exp,
    token: entry.token,
  };
};

/**
 * The REST API of a service. Routes are mounted from their declarations, so that validation, authentication and errors are the same
 * everywhere.
 * Order of the checks: 403 not_gateway (503 if its clock is wrong), 404 path, 405, 401, 415/413/400, 401 again once the body is complete,
 * then the handler (403 role, 404 resource, 409).
 */
export class Api {
  readonly #app: Express = express();
  readonly #options: ApiOptions;
  readonly #guard: GatewayGuard;
  readonly #paths = new Map<string, Set<string>>();
  #takesUploads = false;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#guard = new GatewayGuard(options.gatewayKey, options.logger, options.now);
    this.#app.disable('x-powered-by');
    this.#app.enable('strict routing');
    this.#app.enable('case sensitive routing');
    this.#app.set('etag', false);
    this.#app.use(requestLog(options.logger), this.#requireGateway);
  }

  mount<R extends Route>(route: R, handler: RouteHandler<R>): void {
    const methods = this.#paths.get(route.path) ?? new Set();
    methods.add(route.method.toUpperCase());
    this.#paths.set(route.path, methods);
    this.#takesUploads ||= route.upload === true;
    const checkToken = this.#checkToken(route);
    // A body may arrive slowly, and the sign-in may end or lose its role in the meantime. So the token is checked again once the body is
    // complete.
    const checks = route.body === undefined ? [checkToken] : [checkToken, parseBody, checkToken];
    this.#app[route.method](route.path, traceOf(route), ...checks, this.#handle(route, handler));
  }

  /** Starts listening. All routes must be mounted before: any other path or method gets 404 or 405. */
  async listen(host: string, port: number, shutdown: Shutdown): Promise<Server> {
    for (const [path, methods] of this.#paths) this.#app.all(path, methodNotAllowed([...methods]));
    this.#app.use((_request, _response, next) => next(new AppError('not_found')));
    this.#app.use(this.#answerError);
    // Node would end every upload after 5 minutes. The gateway limits how slowly bodies may arrive.
    const server = createServer({ maxHeaderSize, ...(this.#takesUploads ? { requestTimeout: 0 } : {}) }, this.#app);
    await listenAt(server, { host, port, setting: 'HTTP' });
    shutdown.add('listeners', 'HTTP', () => closeServer(server));
    return server;
  }

  readonly #requireGateway: RequestHandler = (request, response, next) => {
    const facts = this.#guard.check(request);
    if (facts instanceof GatewayClockError) response.setHeader(gatewayAheadHeader, facts.gatewayAheadSeconds);
    if (facts instanceof AppError) return next(facts);
    response.locals.facts = facts;
    response.setHeader('x-request-id', facts.requestId);
    next();
  };

  #checkToken(route: Route): RequestHandler {
    return async (request, response, next) => {
      const token = bearerToken(request.headers.authorization);
      response.removeHeader(signedInHeader);
      if (token !== undefined && route.access !== 'public') {
        const facts: GatewayFacts = response.locals.facts;
        const caller = await authenticateAny(this.#options, token, facts.clientIp, {
          enrolling: route.beforeEnrolment === true,
        });
        requireScope(caller.token, scopesFor(route.id));
        response.locals.caller = caller;
        response.setHeader(signedInHeader, caller.userId);
      } else if (route.access !== 'public' && route.access !== 'cookie') throw new AppError('unauthenticated');
      next();
    };
  }

  #handle<R extends Route>(route: R, handler: RouteHandler<R>): RequestHandler {
    return async (request, response) => {
      const input = parseInput(route, request);
      const caller: CallerOf<R> = response.locals.caller;
      if (route.access === 'admin' && caller?.role !== 'admin')
        throw new AppError('forbidden', 'Only administrators may do this.');
      const context = this.#context(request, response);
      const { requestId, clientIp, userAgent } = context;
      const scope = { requestId, clientIp, userAgent, caller };
      const span: Span | undefined = response.locals.span;
      const output = await inSpan(span, () => inRequestScope(scope, () => handler({ ...input, caller, context })));
      if (response.headersSent) return;
      response.status(route.success.status).setHeader('cache-control', 'no-store');
      if (output === undefined) response.end();
      else response.json(output);
    };
  }

  #context(request: Request, response: Response): RequestContext {
    const facts: GatewayFacts = response.locals.facts;
    return {
      ...facts,
      userAgent: (request.headers['user-agent'] ?? '').slice(0, 512),
      logger: this.#options.logger.child({ request_id: facts.requestId }),
      request,
      response,
    };
  }

  readonly #answerError: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    // Express could not decode a part of the path.
    const known = error instanceof URIError ? new AppError('bad_request') : toAppError(error);
    const facts: GatewayFacts | undefined = response.locals.facts;
    const { method, originalUrl } = request;
    const line = { request_id: facts?.requestId, method, path: loggablePath(originalUrl) };
    if (known.status >= 500) logFailure(this.#options.logger, known, line, 'request failed');
    if (response.headersSent) {
      // The rest of the response cannot be sent, and the client must notice that.
      response.destroy();
      return;
    }
    response
      .status(known.status)
      .set(errorHeaders(known))
      .json(errorBody(known, facts?.requestId ?? ''));
  };
}

/** Continues the trace of the gateway until the response has ended. */
const traceOf =
  ({ id }: Route): RequestHandler =>
  (_request, response, next) => {
    const { traceparent, requestId }: GatewayFacts = response.locals.facts;
    const attributes = { 'webxterm.request_id': requestId };
    const span = continueTrace(traceparent, { name: id, role: 'server', attributes });
    response.locals.span = span;
    if (span !== undefined)
      response.once('close', () => span.end({ 'http.response.status_code': response.statusCode }));
    next();
  };

const methodNotAllowed =
  (methods: readonly string[]): RequestHandler =>
  (_request, response, next) => {
    const allowed = methods.includes('GET') ? ['HEAD', ...methods] : [...methods];
    response.setHeader('allow', allowed.sort().join(', '));
    next(new AppError('method_not_allowed'));
  };

const requestLog = (logger: Logger): HttpLogger =>
  pinoHttp({
    logger,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'request_id' },
    genReqId: (request) => String(request.headers['x-request-id'] ?? ''),
    // A failure has a line of its own, with its reason (logFailure).
    useLevel: 'debug',
    serializers: {
      req: (request: { id: string; method: string; url: string }) => ({
        id: request.id,
        method: request.method,
        path: loggablePath(request.url),
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
    },
  });
