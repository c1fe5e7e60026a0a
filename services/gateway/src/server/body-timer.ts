import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerUnparsed } from './limits.ts';

/** Time limit in ms of the body of a request. An upload may take longer, but may not be silent for this long. */
const bodyTimeout = 30_000;

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

const tooSlow = Object.assign(new Error('the body did not arrive in time'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

/** Ends a request with 408 whose body does not arrive in time. */
export const startBodyTimer = (request: IncomingMessage, response: ServerResponse): void => {
  const timer = setTimeout(() => {
    // A second response must not be written into the middle of the first.
    if (response.headersSent) request.socket.destroy();
    else answerUnparsed(tooSlow, request.socket);
  }, bodyTimeout);
  timers.set(request, timer);
  const stop = (): void => clearTimeout(timer);
  request.once('end', stop).once('close', stop);
};

/** Bytes of an upload have arrived. */
export const uploadGoesOn = (request: IncomingMessage): void => {
  timers.get(request)?.refresh();
};
