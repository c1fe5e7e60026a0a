import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests of one connection that may wait while another one is served. Browsers send no second request before the first response. */
export const maxWaiting = 16;

interface Turn {
  readonly response: ServerResponse;
  readonly serve: () => void;
}

/**
 * Serves the requests of one connection one after another. When a connection ends, Node closes only the response that is being sent. A
 * response queued behind it is never closed, so its resources (an open file, a request to a service) would leak.
 */
export class PipelineQueue {
  /** Unanswered requests by connection, in order. The first one is in progress. */
  readonly #lines = new WeakMap<Duplex, Turn[]>();

  /** Calls `serve` once all earlier requests of this connection are answered. Never calls it if the connection ends first. */
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

  /** Whether this connection has an unanswered request. */
  isTaken(socket: Duplex): boolean {
    return (this.#lines.get(socket)?.length ?? 0) > 0;
  }

  #begin(socket: Duplex, line: Turn[]): void {
    const [first] = line;
    if (first === undefined || socket.destroyed) return;
    first.serve();
    // Registered after the listeners of `serve`, so these have finished when the next request begins.
    first.response.once('close', () => {
      line.shift();
      this.#begin(socket, line);
    });
  }
}
