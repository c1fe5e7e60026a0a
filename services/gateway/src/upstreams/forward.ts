import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Route } from '@webxterm/contracts/rest';
import {
  AppError,
  gatewayAheadHeader,
  gatewayHeaders,
  type Logger,
  loggablePath,
  signedInHeader,
} from '@webxterm/shared';
import { createProxyMiddleware, type Options, type Plugin, type RequestHandler } from 'http-proxy-middleware';
import type { Admitted } from '../request-checks/admit.ts';
import { isBodyless } from '../request-checks/framing.ts';
import { answerError } from '../server/answer.ts';
import type { Connections } from '../server/connections.ts';
import { serverLimits } from '../server/limits.ts';
import { limitBody } from './body-limit.ts';
import { InstanceAgent } from './instance-agent.ts';
import { noBody } from './no-body.ts';
import type { Owner, Pool } from './pool.ts';

/** A service that sends nothing for this long has failed. Event streams and uploads have no such limit. */
const silenceMs = 60_000;
/** A kept connection that gives no response for this long may lead to a lost instance: TCP alone detects that only after minutes. */
const keptSilenceMs = 3000;

/** At most one log line a minute, because with wrong clocks every request fails. */
const logClockEveryMs = 60_000;

interface Pending {
  readonly route: Route;
  readonly admitted: Admitted;
  readonly response: ServerResponse;
  retried: boolean;
}

/** The request handlers of one service. */
interface Ways {
  /**
   * Uses kept connections, which the service may close at any moment, so only for requests that may be repeated. Only the head of a request
   * is ever written to one, because the next head on it belongs to another person's request.
   */
  readonly kept: RequestHandler;
  /** Opens a new connection, for a request without a body. */
  readonly fresh: RequestHandler;
  /** Opens a new connection and sends the body that the framing announces. */
  readonly withBody: RequestHandler;
}

/** Forwards requests to the services that own their routes. */
export class Forwarder {
  readonly #ways: ReadonlyMap<Owner, Ways>;
  readonly #pending = new WeakMap<IncomingMessage, Pending>();
  readonly #gatewayKey: Buffer;
  readonly #connections: Pick<Connections, 'signedIn'>;
  readonly #logger: Logger;
  #clockLoggedAt = Number.NEGATIVE_INFINITY;

  constructor(pools: readonly Pool[], gatewayKey: Buffer, connections: Pick<Connections, 'signedIn'>, logger: Logger) {
    this.#connections = connections;
    this.#gatewayKey = gatewayKey;
    this.#logger = logger;
    this.#ways = new Map(pools.map((pool) => [pool.owner, this.#waysTo(pool)]));
  }

  /** Lets `owner` answer `request`. Answers 503 if none of its instances responds. */
  forward(owner: Owner, route: Route, admitted: Admitted, request: IncomingMessage, response: ServerResponse): void {
    this.#pending.set(request, { route, admitted, response, retried: false });
    const way = isRepeatable(request, admitted) ? 'kept' : isBodyless(admitted.framing) ? 'fresh' : 'withBody';
    this.#send(owner, way, admitted, request, response);
  }

  /** Adds a new proof for each send, because a proof is valid for one request only. */
  #send(owner: Owner, way: keyof Ways, { facts }: Admitted, request: IncomingMessage, response: ServerResponse): void {
    Object.assign(request.headers, gatewayHeaders(this.#gatewayKey, request, facts));
    void this.#ways.get(owner)?.[way](request, response);
  }

  #waysTo(pool: Pool): Ways {
    // fifo spreads requests over all kept connections. With lifo all requests go to one instance while the load is low.
    const kept = new InstanceAgent(pool, { keepAlive: true, maxFreeSockets: 64, scheduling: 'fifo' });
    const fresh = new InstanceAgent(pool, { keepAlive: false });
    const plugins = [this.#listen(pool.owner)];
    return {
      kept: createProxyMiddleware({ ...proxyOptions(pool, kept), buffer: noBody, plugins }),
      fresh: createProxyMiddleware({ ...proxyOptions(pool, fresh), buffer: noBody, plugins }),
      withBody: createProxyMiddleware({ ...proxyOptions(pool, fresh), plugins }),
    };
  }

  /** Replaces http-proxy-middleware's own plugins, which send errors as plain text and format a log line per request. */
  #listen(owner: Owner): Plugin {
    return (proxy) => {
      proxy.on('proxyReq', (upstream, request) => this.#bound(upstream, request));
      proxy.on('proxyRes', (answer, request, response) => {
        // The service's connection headers apply to the gateway, not to the client.
        answer.headers.connection = response.shouldKeepAlive ? 'keep-alive' : 'close';
        if (response.shouldKeepAlive) answer.headers['keep-alive'] = `timeout=${serverLimits.keepAliveTimeout / 1000}`;
        else delete answer.headers['keep-alive'];
        this.#noteClock(owner, answer);
        const pending = this.#pending.get(request);
        answer.headers['x-request-id'] = pending?.admitted.facts.requestId ?? '';
        this.#noteUser(request, answer);
      });
      proxy.on('error', (error, request) => {
        if (request !== undefined) this.#failed(owner, error, request);
      });
      proxy.on('econnreset', () => undefined);
    };
  }

  /** Logs that the service rejected the request because of the time in its proof. The header is not passed to the client. */
  #noteClock(owner: Owner, { headers }: IncomingMessage): void {
    const ahead = headers[gatewayAheadHeader];
    if (ahead === undefined) return;
    delete headers[gatewayAheadHeader];
    if (performance.now() - this.#clockLoggedAt < logClockEveryMs) return;
    this.#clockLoggedAt = performance.now();
    this.#logger.error(
      { service: owner, gateway_ahead_s: Number(ahead) },
      'a service refuses requests because its clock and that of this gateway differ by too much: synchronise the clocks of all machines',
    );
  }

  /**
   * Reads the header in which the service names the user whose token it accepted. A status does not prove that: the service's HTTP parser
   * can answer before any check.
   */
  #noteUser({ socket }: IncomingMessage, { headers }: IncomingMessage): void {
    const user = headers[signedInHeader];
    if (user === undefined) return;
    delete headers[signedInHeader];
    this.#connections.signedIn(socket, String(user));
  }

  #bound(upstream: ClientRequest, request: IncomingMessage): void {
    const pending = this.#pending.get(request);
    if (pending === undefined) return;
    if (upstream.reusedSocket) boundKept(upstream);
    const { success, upload, slow } = pending.route;
    if (success.stream === undefined && upload === undefined && slow === undefined)
      upstream.setTimeout(silenceMs, () => upstream.destroy(new Error(`no answer in ${silenceMs} ms`)));
    if (!pending.retried) limitBody(request, pending.response, upstream, pending);
  }

  /** Repeats an unanswered GET or HEAD once, on a new connection. No other request is sent twice. */
  #failed(owner: Owner, error: Error, request: IncomingMessage): void {
    const pending = this.#pending.get(request);
    if (pending === undefined) return;
    const { response, admitted } = pending;
    if (response.writableEnded) return;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    if (!pending.retried && isRepeatable(request, admitted)) {
      pending.retried = true;
      // The proxy adds its listeners for each try, and Node would warn of a leak.
      response.setMaxListeners(2 * response.getMaxListeners());
      this.#send(owner, 'fresh', admitted, request, response);
      return;
    }
    this.#logger.warn(
      {
        upstream: owner,
        request_id: admitted.facts.requestId,
        path: loggablePath(request.url ?? ''),
        reason: error.message,
      },
      'a service did not answer',
    );
    answerError(request, response, unavailable(owner), admitted.facts.requestId);
  }
}

/** Destroys a request on a kept connection if its response does not begin in time, so that it can be repeated. */
const boundKept = (upstream: ClientRequest): void => {
  const silent = (): void => void upstream.destroy(new Error(`no answer in ${keptSilenceMs} ms on a kept connection`));
  const timer = setTimeout(silent, keptSilenceMs);
  upstream.once('response', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
};

const isRepeatable = ({ method }: IncomingMessage, { framing }: Admitted): boolean =>
  (method === 'GET' || method === 'HEAD') && framing.kind === 'none';

const spoken: Record<Owner, string> = {
  auth: 'The sign-in service',
  'agent-hub': 'The machine service',
  terminal: 'The terminal service',
};

/** 503 with Retry-After. The message names the service that does not respond. */
export const unavailable = (owner: Owner): AppError =>
  new AppError('unavailable', `${spoken[owner]} does not answer right now. Try again shortly.`, {
    retryAfterSeconds: 2,
  });

/** Options of requests and upgrades: instances in turn, and none of http-proxy-middleware's optional behaviour. */
export const proxyOptions = (pool: Pool, agent: InstanceAgent): Options => ({
  agent,
  ws: false,
  xfwd: false,
  changeOrigin: false,
  ejectPlugins: true,
  router: () => {
    const { hostname, port } = pool.next();
    return { protocol: 'http:', hostname, port };
  },
});
