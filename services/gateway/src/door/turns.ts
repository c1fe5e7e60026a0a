import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests of one connection that may wait while another one of it is answered. Browsers do not send a second one before that. */
export const maxWaiting = 16;

interface Turn {
  readonly response: ServerResponse;
  readonly serve: () => void;
}

/**
 * Requests of one connection are served one after another. When a connection ends, Node closes the response that is being sent and no
 * response behind it, so that whatever is held for those (an open file, a request to a service) would be held for ever.
 */
export class Turns {
  /** By connection: what is not answered yet, in order. The first one is being answered. */
  readonly #lines = new WeakMap<Duplex, Turn[]>();

  /** Calls `serve` as soon as everything that came before on this connection is answered; never when the connection ends first. */
  take(socket: Duplex, response: ServerResponse, serve: () => void): void {
    const line = this.#lines.get(socket) ?? [];
    this.#lines.set(socket, line);
    if (line.length > maxWaiting) {
      socket.destroy();
      return;
    }
    line.push({ response, serve });
    if (line.length === 1) this.#begin(socket, line);
  }

  /** Something on this connection is not answered yet. */
  isTaken(socket: Duplex): boolean {
    return (this.#lines.get(socket)?.length ?? 0) > 0;
  }

  #begin(socket: Duplex, line: Turn[]): void {
    const [first] = line;
    if (first === undefined || socket.destroyed) return;
    first.serve();
    // Behind the listeners of `serve`: they have finished with this answer when the next one begins.
    first.response.once('close', () => {
      line.shift();
      this.#begin(socket, line);
    });
  }
}
