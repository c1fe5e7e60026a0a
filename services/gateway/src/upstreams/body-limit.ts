import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@webxterm/shared';
import { answerError } from '../door/answer.ts';
import { type Admitted, maxBody } from '../edge/edge.ts';
import { declaredLength, isBodyless } from '../edge/framing.ts';

/** How much of a body that is too large is still read, so that a client that sends first and reads later sees its 413. */
export const maxDrained = 1024 * 1024;

/**
 * Bounds a body as it passes: over `maxBody` the service hears no more of it and the client gets 413, unless the service has
 * answered first (401 comes before 413); over `maxDrained` the connection is cut.
 */
export const limitBody = (
  request: IncomingMessage,
  response: ServerResponse,
  upstream: ClientRequest,
  { framing, facts }: Admitted,
): void => {
  if (isBodyless(framing)) return;
  // A declared length is the service's to refuse, after it has looked at the token.
  const declared = declaredLength(framing);
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    // Beyond the declared length: Node's parser and framing.ts do not agree about this request.
    if (received > (declared ?? maxDrained)) {
      upstream.destroy();
      return void request.socket.destroy();
    }
    if (declared !== undefined || received <= maxBody || response.headersSent) return;
    request.unpipe(upstream);
    upstream.destroy();
    request.resume();
    tooLarge(request, response, facts.requestId);
  });
};

/** 413, and the connection ends: what is left of the body is not worth reading. */
export const tooLarge = (request: IncomingMessage, response: ServerResponse, requestId: string): void => {
  const error = new AppError('payload_too_large', `The request body is over ${maxBody / 1024} KiB.`);
  answerError(request, response, error, requestId, { connection: 'close' });
};
