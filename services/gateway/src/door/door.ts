import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { allRoutes, type Route } from '@webxterm/contracts/rest';
import { AppError, type CertificateFolder, type Logger, loggablePath, toAppError } from '@webxterm/shared';
import {
  type Admitted,
  admit,
  checkCookieUse,
  checkOrigin,
  credentialsOf,
  type EdgeOptions,
  maxBody,
  newRequestId,
  readFraming,
} from '../edge/edge.ts';
import { declaredLength, type Framing, isBodyless } from '../edge/framing.ts';
import type { Measures } from '../measure.ts';
import { isTerminalSocket, RouteTable } from '../routing/route-table.ts';
import { maxDrained, tooLarge } from '../upstreams/body-limit.ts';
import type { Forwarder } from '../upstreams/forward.ts';
import type { SocketForwarder } from '../upstreams/upgrade.ts';
import { answerError, answerOnSocket } from './answer.ts';
import type { Connections } from './connections.ts';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import { answerUnparsed, maxConnections } from './limits.ts';
import type { OwnAnswers } from './own-answers.ts';
import { openServer } from './server.ts';
import { Turns } from './turns.ts';
import { upgradeProblem } from './websocket-handshake.ts';

export interface DoorOptions extends EdgeOptions {
  readonly forwarder: Pick<Forwarder, 'forward'>;
  readonly sockets: Pick<SocketForwarder, 'forward'>;
  readonly own: OwnAnswers;
  readonly measures: Pick<Measures, 'watch'>;
  readonly connections: Pick<Connections, 'add' | 'secured' | 'busy' | 'answered'>;
  /** The door speaks TLS by these; undefined: plain HTTP. */
  readonly certificates: CertificateFolder | undefined;
  readonly logger: Logger;
}

const maxLoggedPath = 512;

const isApi = (path: string): boolean =>
  path === '/api' || path.startsWith('/api/') || path.startsWith('/.well-known/');

/** The body of a refused request is read to its end only where that end is known and near. */
const closeAfter = (framing: Framing | AppError): Record<string, string> =>
  framing instanceof AppError || (declaredLength(framing) ?? Number.POSITIVE_INFINITY) > maxBody
    ? { connection: 'close' }
    : {};

/** The one public port. Every request and every upgrade passes `admit` first. */
export class Door {
  readonly server: Server | TlsServer;
  readonly #options: DoorOptions;
  readonly #table = new RouteTable(allRoutes);
  /** What is being answered on a connection, the latest of it. */
  readonly #answering = new WeakMap<Duplex, ServerResponse>();
  readonly #routes = new WeakMap<ServerResponse, Route>();
  readonly #turns = new Turns();

  constructor(options: DoorOptions) {
    this.#options = options;
    this.server = openServer(options.certificates);
    this.server.maxConnections = maxConnections;
    // Beyond a limit Node leaves headers out without a word, Content-Length too; framing.ts refuses what has too many.
    this.server.maxHeadersCount = 0;
    const { connections, certificates } = options;
    this.server.on('connection', (socket) => connections.add(socket, certificates !== undefined));
    this.server.on('secureConnection', (socket) => connections.secured(socket));
    for (const event of ['request', 'checkContinue', 'checkExpectation'])
      this.server.on(event, (request: IncomingMessage, response: ServerResponse) =>
        this.#turns.take(request.socket, response, () => this.#request(request, response)),
      );
    this.server.on('connect', (request, socket, head) => this.#upgrade(request, socket, head));
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.server.on('clientError', (error, socket) => {
      const answering = this.#answering.get(socket);
      // A second answer must not be written into the middle of the first.
      if (answering?.headersSent === true && !answering.writableFinished) socket.destroy();
      else answerUnparsed(error, socket);
    });
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const framing = readFraming(request);
    this.#nameProxy(request);
    // HTTP/1.0 has no expectations (RFC 9110, 10.1.1).
    const expectation = request.httpVersion === '1.1' ? request.headers.expect?.toLowerCase() : undefined;
    const requestId = newRequestId();
    response.setHeader('x-request-id', requestId);
    this.#answering.set(request.socket, response);
    this.#watchConnection(framing, request, response);
    this.#options.measures.watch(response, () => this.#routes.get(response));
    if (this.#options.logger.isLevelEnabled('info')) this.#logAnswer(request, response, requestId);
    // Whether a body follows the answer is the client's to choose then.
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

  /** Once: either somebody tries it, or an operator forgot the setting and everybody has one address. */
  #nameProxy({ headers, socket }: IncomingMessage): void {
    const address = this.#options.proxies.firstUntrusted({ address: socket.remoteAddress, headers });
    if (address === undefined) return;
    const hint =
      'X-Forwarded-For is not believed from this address: if it is a proxy of yours, name it in TRUSTED_PROXIES';
    this.#options.logger.warn({ address }, hint);
  }

  /** As long as a body is on its way, the client may be slow on purpose. */
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
    // Where a token is needed the service refuses a body itself, after 401; but what nobody would read ends here.
    if (length > maxDrained || (length > maxBody && route.access === 'public')) {
      tooLarge(request, response, admitted.facts.requestId);
      return;
    }
    // auth alone reads cookies, and only those that a page of ours sent along.
    if (route.owner !== 'auth' || admitted.origin === undefined) delete request.headers.cookie;
    if (expectation !== undefined && length <= maxBody && !isBodyless(admitted.framing)) response.writeContinue();
    this.#options.forwarder.forward(route.owner, route, admitted, request, response);
  }

  #unknown(path: string): AppError {
    return isTerminalSocket(path) ? new AppError('upgrade_required') : new AppError('not_found');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // An upgrade gets the bare socket: what is written to it would come in the middle of another answer.
    if (this.#turns.isTaken(socket)) {
      socket.destroy();
      return;
    }
    const framing = readFraming(request);
    const requestId = newRequestId();
    socket.on('error', () => undefined);
    this.#options.connections.busy(socket);
    try {
      const admitted = this.#admitUpgrade(request, requestId, framing);
      if (!(socket instanceof Socket)) throw new Error('an upgrade came on something else than a socket');
      this.#options.sockets.forward(admitted, request, socket, head);
    } catch (error) {
      const known = toAppError(error);
      this.#log(known, request, requestId);
      const headers: Record<string, string> =
        known.code === 'upgrade_required' ? { upgrade: 'websocket', 'sec-websocket-version': '13' } : {};
      answerOnSocket(socket, known, requestId, known.code === 'method_not_allowed' ? { allow: 'GET' } : headers);
    }
  }

  /** Only `GET /api/terminal/:agent_id/ws` with `websocket`, version 13, from a page of ours or from no page. */
  #admitUpgrade(request: IncomingMessage, requestId: string, framing: Framing | AppError): Admitted {
    const upgrade = request.headers.upgrade;
    const admitted = admit(this.#options, request, requestId, framing);
    if (!isTerminalSocket(admitted.target.path)) throw this.#noUpgradeHere(request, admitted.target.path);
    const problem = upgradeProblem(request, upgrade, admitted.framing);
    if (problem !== undefined) throw problem;
    checkOrigin(this.#options.names, admitted.origin);
    checkCookieUse(admitted.origin, credentialsOf(request, admitted.target.query));
    // The terminal service knows tokens, tickets and passes; a cookie means nothing to it.
    delete request.headers.cookie;
    return admitted;
  }

  #noUpgradeHere(request: IncomingMessage, path: string): AppError {
    const known = this.#table.match(request.method ?? '', path).kind !== 'unknown' || !isApi(path);
    return known ? new AppError('upgrade_required', 'This path takes no upgrade.') : new AppError('not_found');
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
    if (error.status >= 500) this.#options.logger.error({ ...line, err: error.cause ?? error }, 'the door failed');
    else this.#options.logger.debug(line, 'refused at the door');
  }
}
