import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { edgeHeaders, type Logger, loggablePath } from '@webxterm/shared';
import { createProxyMiddleware, type Plugin, type RequestHandler } from 'http-proxy-middleware';
import { answerOnSocket } from '../door/answer.ts';
import type { Connections } from '../door/connections.ts';
import type { Admitted } from '../edge/edge.ts';
import { proxyOptions, unavailable } from './forward.ts';
import { InstanceAgent } from './instance-agent.ts';
import { PassedBuffers } from './passed-buffers.ts';
import type { Pool } from './pool.ts';

/** The terminal service waits up to 2 minutes for a machine that is between two hubs before it answers a raw client. */
const upgradeMs = 130_000;

/** Passes WebSockets on to the terminal service. */
export class SocketForwarder {
  readonly #proxy: RequestHandler;
  readonly #pending = new WeakMap<Duplex, Admitted>();
  readonly #sockets = new Set<Duplex>();
  /** What comes up from a client is little. */
  readonly #passedDown = new PassedBuffers(globalThis.gc);
  readonly #gatewayKey: Buffer;
  readonly #connections: Pick<Connections, 'upgraded'>;
  readonly #logger: Logger;

  constructor(pool: Pool, gatewayKey: Buffer, connections: Pick<Connections, 'upgraded'>, logger: Logger) {
    this.#connections = connections;
    this.#gatewayKey = gatewayKey;
    this.#logger = logger;
    // A fresh connection for each: one that was kept could be closing just then, and an upgrade is not sent twice.
    const agent = new InstanceAgent(pool, { keepAlive: false });
    this.#proxy = createProxyMiddleware({ ...proxyOptions(pool, agent), plugins: [this.#listen] });
  }

  forward(admitted: Admitted, request: IncomingMessage, socket: Socket, head: Buffer): void {
    Object.assign(request.headers, { connection: 'Upgrade', upgrade: 'websocket' });
    Object.assign(request.headers, edgeHeaders(this.#gatewayKey, request, admitted.facts));
    this.#pending.set(socket, admitted);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#proxy.upgrade(request, socket, head);
  }

  /** WebSockets that are open or on their way. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Ends every WebSocket: the clients come back through another gateway. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  readonly #listen: Plugin = (proxy) => {
    proxy.on('proxyReqWs', (upstream, request, socket) => this.#watch(upstream, request, socket));
    proxy.on('error', (error, request, socket) => {
      if (request === undefined || socket === undefined || !('setNoDelay' in socket)) return;
      const admitted = this.#pending.get(socket);
      // Answered or upgraded already: what is left is to close, which the proxy does itself.
      if (admitted === undefined) return;
      this.#pending.delete(socket);
      const { requestId } = admitted.facts;
      this.#logger.warn({ upstream: 'terminal', request_id: requestId, reason: error.message }, 'an upgrade failed');
      const busy = unavailable('terminal');
      answerOnSocket(socket, busy, requestId);
    });
  };

  /** Called before the proxy adds its own listeners, so what is changed here is what it writes to the client. */
  #watch(upstream: ClientRequest, { url = '' }: IncomingMessage, socket: Duplex): void {
    const admitted = this.#pending.get(socket);
    const requestId = admitted?.facts.requestId ?? '';
    const late = setTimeout(() => upstream.destroy(new Error(`no answer in ${upgradeMs} ms`)), upgradeMs);
    const settled = (): void => {
      clearTimeout(late);
      this.#pending.delete(socket);
    };
    const abandon = (): void => void upstream.destroy();
    socket.once('close', abandon);
    upstream.once('close', () => clearTimeout(late));
    upstream.once('response', (answer) => {
      settled();
      answer.headers['x-request-id'] = requestId;
      // No request follows on it, and nobody but the client would end it: 4,096 of those are all that strangers have.
      socket.once('finish', () => socket.destroy());
    });
    upstream.once('upgrade', (answer: IncomingMessage, far: Socket) => {
      settled();
      this.#connections.upgraded(socket);
      this.#logger.info({ request_id: requestId, path: loggablePath(url) }, 'a WebSocket is open');
      socket.off('close', abandon);
      answer.headers['x-request-id'] = requestId;
      // Not before the proxy pipes: whoever listens sooner sets it flowing, and what comes until then is lost.
      socket.once('pipe', () => far.on('data', (bytes: Buffer) => this.#passedDown.passed(bytes.length)));
      socket.once('close', () => far.destroy());
      // end() first: what the service said last still reaches the client.
      far.once('close', () => socket.end(() => socket.destroy()));
    });
  }
}
