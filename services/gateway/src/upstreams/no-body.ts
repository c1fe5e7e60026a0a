import { Stream } from 'node:stream';

/** Takes the place of the client's stream for a request without a body: ends the request to the service, and writes no byte to it. */
class NoBody extends Stream {
  override pipe<T extends NodeJS.WritableStream>(destination: T): T {
    destination.end();
    return destination;
  }
}

/** It holds nothing, so one serves all requests. */
export const noBody = new NoBody();
