import type { IncomingMessage } from 'node:http';
import { AppError } from '@webxterm/shared';
import type { Framing } from '../request-checks/framing.ts';

/** The reason why the request is not a valid WebSocket opening handshake (RFC 6455, 4.2.1). Undefined if it is valid. */
export const upgradeProblem = (
  request: IncomingMessage,
  upgrade: string | undefined,
  framing: Framing,
): AppError | undefined => {
  const { headers } = request;
  if (request.method !== 'GET') return new AppError('method_not_allowed');
  if (upgrade?.toLowerCase() !== 'websocket' || headers['sec-websocket-version'] !== '13')
    return new AppError('upgrade_required');
  if (framing.kind !== 'none') return new AppError('bad_request', 'An upgrade must not have a body.');
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(headers['sec-websocket-key'] ?? ''))
    return new AppError('bad_request', 'Sec-WebSocket-Key must be 16 bytes in base64.');
  return undefined;
};
