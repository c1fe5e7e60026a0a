import type { ServerOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '@webxterm/contracts/errors';
import { AppError } from '@webxterm/shared';
import { newRequestId } from '../request-checks/admit.ts';
import { answerOnSocket } from './answer.ts';

/** Limits per client: times in ms, sizes in bytes. A request that arrives too slowly ends with 408. */
export const serverLimits = {
  headersTimeout: 5_000,
  // The limit of Node holds for every request. body-timer.ts has one for each route.
  requestTimeout: 0,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
  noDelay: true,
  requireHostHeader: false,
  insecureHTTPParser: false,
} as const satisfies ServerOptions;

/** Above this number a new connection is closed at once, so that the process does not run out of file descriptors. */
export const maxConnections = 16_384;

const codeOfParserError: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** The response to bytes that are not a valid request: Content-Length with Transfer-Encoding, two lengths, garbage, too large, too slow. */
export const answerUnparsed = (error: Error & { code?: string }, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.on('error', () => undefined);
  answerOnSocket(socket, new AppError(codeOfParserError[error.code ?? ''] ?? 'bad_request'), newRequestId());
};
