import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { gatewayHeaders, type Logger, loggablePath, passedBuffers } from '@webxterm/shared';
import { createProxyMiddleware, type Plugin, type RequestHandler } from 'http-proxy-middleware';
import type { Admitted } from '../request-checks/admit.ts';
import { answerOnSocket } from '../server/answer.ts';
import type { Connections } from '../server/connections.ts';
import { proxyOptions, unavailable } from './forward.ts';
import { InstanceAgent } from './instance-agent.ts';
import type { Pool } from './pool.ts';

/** Time limit of an upgrade in ms. For a raw client, the terminal service waits up to 2 minutes for a machine that is between two hubs. */
const upgradeMs = 130_000;

/** Forwards WebSockets to the terminal service. */
export class SocketForwarder {
  readonly #proxy: RequestHandler;
  readonly #pending = new WeakMap<Duplex, Admitted>();
  readonly #sockets = new Set<Duplex>();
  readonly #gatewayKey: Buffer;
  readonly #connections: Pick<Connections, 'upgraded'>;
  readonly #logger: Logger;

  constructor(pool: Pool, gatewayKey: Buffer, connections: Pick<Connections, 'upgraded'>, logger: Logger) {
    this.#connections = connections;
    this.#gatewayKey = gatewayKey;
    this.#logger = logger;
    // A new connection for each upgrade: a kept one may be closing, and an upgrade is not sent twice.
    const agent = new InstanceAgent(pool, { keepAlive: false });
    this.#proxy = createProxyMiddleware({ ...proxyOptions(pool, agent), plugins: [this.#listen] });
  }

  forward(admitted: Admitted, request: IncomingMessage, socket: Socket, head: Buffer): void {
    Object.assign(request.headers, { connection: 'Upgrade', upgrade: 'websocket' });
    Object.assign(request.headers, gatewayHeaders(this.#gatewayKey, request, admitted.facts));
    this.#pending.set(socket, admitted);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#proxy.upgrade(request, socket, head);
  }

  /** WebSockets that are open or in their handshake. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Closes every WebSocket. The clients reconnect through another gateway. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  readonly #listen: Plugin = (proxy) => {
    proxy.on('proxyReqWs', (upstream, request, socket) => this.#watch(upstream, request, socket));
    proxy.on('error', (error, request, socket) => {
      if (request === undefined || socket === undefined || !('setNoDelay' in socket)) return;
      const admitted = this.#pending.get(socket);
      // The upgrade was already answered. The proxy closes the sockets itself.
      if (admitted === undefined) return;
      this.#pending.delete(socket);
      admitted.span?.end({}, 'unavailable');
      const { requestId } = admitted.facts;
      this.#logger.warn({ upstream: 'terminal', request_id: requestId, reason: error.message }, 'an upgrade failed');
      const busy = unavailable('terminal');
      answerOnSocket(socket, busy, requestId);
    });
  };

  /** Runs before the proxy adds its own listeners, so changes to the response headers reach the client. */
  #watch(upstream: ClientRequest, { url = '' }: IncomingMessage, socket: Duplex): void {
    const admitted = this.#pending.get(socket);
    const requestId = admitted?.facts.requestId ?? '';
    const late = setTimeout(() => upstream.destroy(new Error(`no answer in ${upgradeMs} ms`)), upgradeMs);
    const settled = (status = 0): void => {
      clearTimeout(late);
      admitted?.span?.end({ 'http.response.status_code': status });
      this.#pending.delete(socket);
    };
    const abandon = (): void => void upstream.destroy();
    socket.once('close', abandon);
    upstream.once('close', () => {
      clearTimeout(late);
      admitted?.span?.end({}, 'cancelled');
    });
    upstream.once('response', (answer) => {
      settled(answer.statusCode);
      answer.headers['x-request-id'] = requestId;
      // No request follows on this connection and the gateway must close it: an open one would count against the 4,096
      // unauthenticated connections.
      socket.once('finish', () => socket.destroy());
    });
    upstream.once('upgrade', (answer: IncomingMessage, far: Socket) => {
      settled(answer.statusCode);
      this.#connections.upgraded(socket);
      this.#logger.info({ request_id: requestId, path: loggablePath(url) }, 'a WebSocket is open');
      socket.off('close', abandon);
      answer.headers['x-request-id'] = requestId;
      // Counts the bytes to the client only, because the bytes from it are few.
      // Waits for the proxy's pipe: an earlier `data` listener would start the flow, and the bytes before the pipe would be lost.
      socket.once('pipe', () => far.on('data', (bytes: Buffer) => passedBuffers.passed(bytes.length)));
      socket.once('close', () => far.destroy());
      // `end()` comes first, so that the service's last bytes still reach the client.
      far.once('close', () => socket.end(() => socket.destroy()));
    });
  }
}
