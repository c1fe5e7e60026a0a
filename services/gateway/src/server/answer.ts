import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type AppError, errorBody, errorHeaders } from '@webxterm/shared';

const jsonType = 'application/json; charset=utf-8';

/** Sends a JSON response. A HEAD request gets the headers only. */
export const answerJson = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, { 'content-type': jsonType, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
};

/** Sends an error of the error catalog. */
export const answerError = (
  request: IncomingMessage,
  response: ServerResponse,
  error: AppError,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const body = JSON.stringify(errorBody(error, requestId));
  answerJson(request, response, error.status, body, { ...errorHeaders(error), 'x-request-id': requestId, ...headers });
};

/** Writes an error response to a socket that has no response object (a rejected upgrade, an unparsable request), then closes the socket. */
export const answerOnSocket = (
  socket: Duplex,
  error: AppError,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(errorBody(error, requestId));
  const all: Record<string, string> = {
    'content-type': jsonType,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...errorHeaders(error),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const line = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`;
  socket.once('finish', () => socket.destroy());
  socket.end(`${line}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
};
