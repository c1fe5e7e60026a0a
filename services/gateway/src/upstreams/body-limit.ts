import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Route } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { type Admitted, maxBody } from '../request-checks/admit.ts';
import { declaredLength, isBodyless } from '../request-checks/framing.ts';
import { answerError } from '../server/answer.ts';
import { uploadGoesOn } from '../server/body-timer.ts';

/** Bytes of an oversized body that are still read, so that a client that sends everything before it reads gets its 413. */
export const maxDrained = 1024 * 1024;

/**
 * Limits a body without a declared length while it is forwarded. The service limits a declared length after its checks, and an upload
 * (`FILE_MAX_MIB` of terminal). Above `maxBody` the gateway stops forwarding and answers 413, unless the service has answered first
 * (401 has precedence over 413). Above `maxDrained` the connection is closed.
 */
export const limitBody = (
  request: IncomingMessage,
  response: ServerResponse,
  upstream: ClientRequest,
  { admitted: { framing, facts }, route }: { readonly admitted: Admitted; readonly route: Route },
): void => {
  if (isBodyless(framing)) return;
  if (route.upload === true) request.on('data', () => uploadGoesOn(request));
  // A declared length is checked by the service, after the token.
  const declared = declaredLength(framing);
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    // Above the declared length, Node's parser and framing.ts disagree about this request.
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

/** Answers 413 and closes the connection, so the rest of the body is not read. */
export const tooLarge = (request: IncomingMessage, response: ServerResponse, requestId: string): void => {
  const error = new AppError('payload_too_large', `The request body is over ${maxBody / 1024} KiB.`);
  answerError(request, response, error, requestId, { connection: 'close' });
};
