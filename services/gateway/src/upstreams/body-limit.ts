import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@webxterm/shared';
import { answerError } from '../door/answer.ts';
import { maxBody } from '../edge/edge.ts';

/** How much of a body that is too large is still read, so that a client that sends first and reads later sees its 413. */
export const maxDrained = 1024 * 1024;

/** Content-Length as a number; undefined for a body of unknown length or none. */
export const declaredLength = (request: IncomingMessage): number | undefined => {
  const text = request.headers['content-length'];
  return text === undefined ? undefined : Number(text);
};

/**
 * Bounds a body as it passes: over `maxBody` the service hears no more of it and the client gets 413, unless the service has
 * answered first (401 comes before 413); over `maxDrained` the connection is cut.
 */
export const limitBody = (
  request: IncomingMessage,
  response: ServerResponse,
  upstream: ClientRequest,
  requestId: string,
): void => {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) return;
  // A declared length is the service's to refuse, after it has looked at the token.
  const declared = declaredLength(request);
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > maxDrained) return void request.socket.destroy();
    if (declared !== undefined || received <= maxBody || response.headersSent) return;
    request.unpipe(upstream);
    upstream.destroy();
    request.resume();
    tooLarge(request, response, requestId);
  });
};

/** 413, and the connection ends: what is left of the body is not worth reading. */
export const tooLarge = (request: IncomingMessage, response: ServerResponse, requestId: string): void => {
  const error = new AppError('payload_too_large', `The request body is over ${maxBody / 1024} KiB.`);
  answerError(request, response, error, requestId, { connection: 'close' });
};
