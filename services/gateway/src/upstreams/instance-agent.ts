import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Instance, Pool } from './pool.ts';

/** An instance that does not even take the connection in this time is tried no longer. */
const connectMs = 1000;

type Connected = (error: Error | null, socket: Duplex) => void;

/**
 * Connects to the instance that the proxy chose, and to another one when it takes no connection. At that point nothing of the
 * request has been sent, so this is right for bodies and upgrades alike; http-proxy-middleware has no list of targets.
 */
export class InstanceAgent extends Agent {
  readonly #pool: Pool;
  /** Sockets that lead elsewhere than their name says: not kept, or the instance's name would stick to another one. */
  readonly #strays = new WeakSet<Duplex>();

  constructor(pool: Pool, options: AgentOptions) {
    super(options);
    this.#pool = pool;
  }

  override createConnection(options: ClientRequestArgs, connected?: Connected): undefined {
    const isChosen = (instance: Instance): boolean =>
      instance.hostname === options.host && instance.port === Number(options.port);
    const order = this.#pool.inOrderFrom(String(options.host), Number(options.port));
    const tryNext = (index: number, error: Error): void => {
      const instance = order[index];
      // The agent reads the error and no socket, but its type wants one.
      if (instance === undefined) {
        connected?.(error, new Duplex());
        return;
      }
      open(instance, (failure, socket) => {
        if (failure !== undefined) {
          this.#pool.refused(instance);
          return tryNext(index + 1, failure);
        }
        if (!isChosen(instance)) this.#strays.add(socket);
        connected?.(null, socket);
      });
    };
    tryNext(0, new Error('the service has no instance'));
    return undefined;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // It answers a boolean, which its type leaves out: false when the service is about to close this connection.
    const kept: unknown = super.keepSocketAlive(socket);
    return kept !== false && !this.#strays.has(socket);
  }
}

const open = (instance: Instance, done: (failure: Error | undefined, socket: Socket) => void): void => {
  const socket = connect({ host: instance.hostname, port: instance.port, noDelay: true });
  const settle = (failure: Error | undefined): void => {
    socket.setTimeout(0);
    socket.off('connect', onConnect).off('error', settle).off('timeout', onTimeout);
    if (failure !== undefined) {
      socket.on('error', () => undefined);
      socket.destroy();
    }
    done(failure, socket);
  };
  const onConnect = (): void => settle(undefined);
  const onTimeout = (): void => settle(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' }));
  socket.setTimeout(connectMs);
  socket.on('connect', onConnect).on('error', settle).on('timeout', onTimeout);
};
