import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { allRoutes, type Route } from '@webxterm/contracts/rest';
import { AppError, type CertificateFolder, type Logger, logFailure, loggablePath, toAppError } from '@webxterm/shared';
import type { Measures } from '../measure.ts';
import {
  type Admitted,
  admit,
  checkCookieUse,
  checkOrigin,
  credentialsOf,
  maxBody,
  newRequestId,
  type RequestCheckOptions,
  readFraming,
} from '../request-checks/admit.ts';
import { declaredLength, type Framing, isBodyless } from '../request-checks/framing.ts';
import { isWebSocketPath, RouteTable, socketTemplate } from '../routing/route-table.ts';
import { maxDrained, tooLarge } from '../upstreams/body-limit.ts';
import type { Forwarder } from '../upstreams/forward.ts';
import type { SocketForwarder } from '../upstreams/upgrade.ts';
import { answerError, answerOnSocket } from './answer.ts';
import { startBodyTimer } from './body-timer.ts';
import type { Connections } from './connections.ts';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import { openServer } from './create-server.ts';
import { answerUnparsed, maxConnections } from './limits.ts';
import type { OwnRoutes } from './own-routes.ts';
import { PipelineQueue } from './pipelining.ts';
import { isTraced, traced } from './traced.ts';
import { upgradeProblem } from './websocket-handshake.ts';

export interface GatewayServerOptions extends RequestCheckOptions {
  readonly forwarder: Pick<Forwarder, 'forward'>;
  readonly sockets: Pick<SocketForwarder, 'forward'>;
  readonly own: OwnRoutes;
  readonly measures: Pick<Measures, 'watch'>;
  readonly connections: Pick<Connections, 'add' | 'secured' | 'busy' | 'answered'>;
  /** Certificates for TLS. Undefined: plain HTTP. */
  readonly certificates: CertificateFolder | undefined;
  readonly logger: Logger;
}

const maxLoggedPath = 512;

const isApi = (path: string): boolean =>
  path === '/api' || path.startsWith('/api/') || path.startsWith('/.well-known/');

/** The body of a rejected request is read to its end only if it has a declared length of at most `maxBody` bytes. */
const closeAfter = (framing: Framing | AppError): Record<string, string> =>
  framing instanceof AppError || (declaredLength(framing) ?? Number.POSITIVE_INFINITY) > maxBody
    ? { connection: 'close' }
    : {};

/** The public HTTP server of the gateway. Every request and every upgrade passes `admit` first. */
export class GatewayServer {
  readonly server: Server | TlsServer;
  readonly #options: GatewayServerOptions;
  readonly #table = new RouteTable(allRoutes);
  /** The latest response in progress, by connection. */
  readonly #answering = new WeakMap<Duplex, ServerResponse>();
  readonly #routes = new WeakMap<ServerResponse, Route>();
  readonly #pipeline = new PipelineQueue();

  constructor(options: GatewayServerOptions) {
    this.#options = options;
    this.server = openServer(options.certificates);
    this.server.maxConnections = maxConnections;
    // Above its own limit Node silently drops headers, including Content-Length. So that limit is off, and framing.ts rejects requests with
    // too many.
    this.server.maxHeadersCount = 0;
    const { connections, certificates } = options;
    this.server.on('connection', (socket) => connections.add(socket, certificates !== undefined));
    this.server.on('secureConnection', (socket) => connections.secured(socket));
    for (const event of ['request', 'checkContinue', 'checkExpectation'])
      this.server.on(event, (request: IncomingMessage, response: ServerResponse) =>
        this.#pipeline.take(request.socket, response, () => this.#request(request, response)),
      );
    this.server.on('connect', (request, socket, head) => this.#upgrade(request, socket, head));
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.server.on('clientError', (error, socket) => {
      const answering = this.#answering.get(socket);
      // A second response must not be written into the middle of the first.
      if (answering?.headersSent === true && !answering.writableFinished) socket.destroy();
      else answerUnparsed(error, socket);
    });
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const framing = readFraming(request);
    this.#nameProxy(request);
    // HTTP/1.0 has no Expect header (RFC 9110, 10.1.1).
    const expectation = request.httpVersion === '1.1' ? request.headers.expect?.toLowerCase() : undefined;
    const requestId = newRequestId();
    response.setHeader('x-request-id', requestId);
    this.#answering.set(request.socket, response);
    if (!(framing instanceof AppError || isBodyless(framing))) startBodyTimer(request, response);
    this.#watchConnection(framing, request, response);
    this.#options.measures.watch(response, () => this.#routes.get(response));
    if (this.#options.logger.isLevelEnabled('info')) this.#logAnswer(request, response, requestId);
    // After `Expect`, the client may or may not send the body that it announced, so the connection cannot be reused.
    if (expectation !== undefined) response.shouldKeepAlive = false;
    try {
      const admitted = admit(this.#options, request, requestId, framing);
      if (expectation !== undefined && expectation !== '100-continue') throw new AppError('expectation_failed');
      this.#route(admitted, request, response, expectation);
    } catch (error) {
      const known = toAppError(error);
      this.#log(known, request, requestId);
      if (!response.headersSent) answerError(request, response, known, requestId, closeAfter(framing));
    }
  }

  /** Logs once: either a client forges the header, or TRUSTED_PROXIES is not set and all clients share the address of the proxy. */
  #nameProxy({ headers, socket }: IncomingMessage): void {
    const address = this.#options.proxies.firstUntrusted({ address: socket.remoteAddress, headers });
    if (address === undefined) return;
    const hint =
      'X-Forwarded-For from this address is ignored: if the address is a proxy of yours, add it to TRUSTED_PROXIES';
    this.#options.logger.warn({ address }, hint);
  }

  /** A connection counts as idle until the request body is complete, because a client may send slowly on purpose. */
  #watchConnection(framing: Framing | AppError, request: IncomingMessage, response: ServerResponse): void {
    const { connections } = this.#options;
    const { socket } = request;
    if (framing instanceof AppError || isBodyless(framing)) connections.busy(socket);
    else
      request.once('end', () => {
        if (!response.closed) connections.busy(socket);
      });
    response.once('close', () => connections.answered(socket));
  }

  #route(admitted: Admitted, request: IncomingMessage, response: ServerResponse, expectation?: string): void {
    const { path } = admitted.target;
    const method = request.method ?? '';
    if (isApi(path)) this.#options.own.secureApi(request, response);
    const match = this.#table.match(method, path);
    if (match.kind === 'route') this.#routes.set(response, match.route);
    if (match.kind === 'unknown' && isApi(path)) throw this.#unknown(path);
    checkOrigin(this.#options.names, admitted.origin);
    if (admitted.origin !== undefined) corsHeaders(response, admitted.origin);
    if (match.kind === 'route') this.#pass(match.route, admitted, request, response, expectation);
    else if (match.kind === 'unknown') this.#options.own.page(request, response);
    else if (isPreflight(request)) response.writeHead(204, preflightHeaders(match.allow)).end();
    else {
      response.setHeader('allow', match.allow.join(', '));
      throw new AppError('method_not_allowed');
    }
  }

  #pass(
    route: Route,
    admitted: Admitted,
    request: IncomingMessage,
    response: ServerResponse,
    expectation?: string,
  ): void {
    if (route.owner === 'gateway') {
      this.#options.own.routes.get(route.id)?.(request, response);
      return;
    }
    if (route.access === 'cookie') checkCookieUse(admitted.origin, credentialsOf(request, ''));
    const length = declaredLength(admitted.framing) ?? 0;
    // On a route that needs a token, the service itself rejects an oversized body, after its 401 check. A body that no check precedes is
    // rejected here.
    const uploads = route.upload === true;
    if ((length > maxDrained && !uploads) || (length > maxBody && route.access === 'public')) {
      tooLarge(request, response, admitted.facts.requestId);
      return;
    }
    // Only auth reads cookies, and only if the request has an allowed Origin.
    if (route.owner !== 'auth' || admitted.origin === undefined) delete request.headers.cookie;
    if (expectation !== undefined && (uploads || length <= maxBody) && !isBodyless(admitted.framing))
      response.writeContinue();
    const forwarded = isTraced(route) ? traced(admitted, route.method.toUpperCase(), route.path) : admitted;
    const { span } = forwarded;
    if (span !== undefined)
      response.once('close', () => span.end({ 'http.response.status_code': response.statusCode }));
    this.#options.forwarder.forward(route.owner, route, forwarded, request, response);
  }

  #unknown(path: string): AppError {
    return isWebSocketPath(path) ? new AppError('upgrade_required') : new AppError('not_found');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // An upgrade uses the raw socket, so a write to it could land in the middle of another response.
    if (this.#pipeline.isTaken(socket)) {
      socket.destroy();
      return;
    }
    const framing = readFraming(request);
    const requestId = newRequestId();
    socket.on('error', () => undefined);
    this.#options.connections.busy(socket);
    try {
      const admitted = this.#admitUpgrade(request, requestId, framing);
      if (!(socket instanceof Socket)) throw new Error('the stream of an upgrade is not a socket');
      this.#options.sockets.forward(
        traced(admitted, 'GET', socketTemplate(admitted.target.path)),
        request,
        socket,
        head,
      );
    } catch (error) {
      const known = toAppError(error);
      this.#log(known, request, requestId);
      const headers: Record<string, string> =
        known.code === 'upgrade_required' ? { upgrade: 'websocket', 'sec-websocket-version': '13' } : {};
      answerOnSocket(socket, known, requestId, known.code === 'method_not_allowed' ? { allow: 'GET' } : headers);
    }
  }

  /** Accepts only `GET /api/terminal/:agent_id/ws` and `…/tcp` with `websocket`, version 13, from an allowed origin or without an Origin header. */
  #admitUpgrade(request: IncomingMessage, requestId: string, framing: Framing | AppError): Admitted {
    const upgrade = request.headers.upgrade;
    const admitted = admit(this.#options, request, requestId, framing);
    if (!isWebSocketPath(admitted.target.path)) throw this.#noUpgradeHere(request, admitted.target.path);
    const problem = upgradeProblem(request, upgrade, admitted.framing);
    if (problem !== undefined) throw problem;
    checkOrigin(this.#options.names, admitted.origin);
    checkCookieUse(admitted.origin, credentialsOf(request, admitted.target.query));
    // The terminal service accepts tokens, tickets and resume passes, but no cookies.
    delete request.headers.cookie;
    return admitted;
  }

  #noUpgradeHere(request: IncomingMessage, path: string): AppError {
    const known = this.#table.match(request.method ?? '', path).kind !== 'unknown' || !isApi(path);
    return known ? new AppError('upgrade_required', 'This path does not support upgrades.') : new AppError('not_found');
  }

  #logAnswer(request: IncomingMessage, response: ServerResponse, requestId: string): void {
    const { method, url = '' } = request;
    const started = performance.now();
    response.once('close', () =>
      this.#options.logger.info(
        {
          request_id: requestId,
          method,
          path: loggablePath(url).slice(0, maxLoggedPath),
          status: response.statusCode,
          ms: Math.round(performance.now() - started),
        },
        'answered',
      ),
    );
  }

  #log(error: AppError, request: IncomingMessage, requestId: string): void {
    const line = {
      request_id: requestId,
      code: error.code,
      method: request.method,
      path: loggablePath(request.url ?? '').slice(0, maxLoggedPath),
      peer: request.socket.remoteAddress,
    };
    if (error.status >= 500) logFailure(this.#options.logger, error, line, 'gateway request failed');
    else this.#options.logger.debug(line, 'request rejected');
  }
}
