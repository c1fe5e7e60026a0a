import { Stream } from 'node:stream';

/** Replaces the client's stream for a request without a body: ends the request to the service and writes no byte to it. */
class NoBody extends Stream {
  override pipe<T extends NodeJS.WritableStream>(destination: T): T {
    destination.end();
    return destination;
  }
}

/** It has no state, so one instance serves all requests. */
export const noBody = new NoBody();
