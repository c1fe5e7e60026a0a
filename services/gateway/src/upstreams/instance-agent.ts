import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Instance, Pool } from './pool.ts';

/** Time limit in ms for connecting to one instance. */
const connectMs = 1000;

type Connected = (error: Error | null, socket: Duplex) => void;

/**
 * Connects to the instance that the proxy chose, or to another one if that fails. No byte of the request has been sent by then, so this is
 * safe for bodies and upgrades. http-proxy-middleware does not support a list of targets.
 */
export class InstanceAgent extends Agent {
  readonly #pool: Pool;
  /**
   * Sockets to another instance than their name in the agent says. They are not kept, or the agent would reuse them under the wrong name.
   */
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
      // The agent ignores the socket on an error, but its type requires one.
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
    // Node returns a boolean, which the type omits: false if the service is about to close this connection.
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
