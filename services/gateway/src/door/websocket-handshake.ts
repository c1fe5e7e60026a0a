import type { IncomingMessage } from 'node:http';
import { AppError } from '@webxterm/shared';
import type { Framing } from '../edge/framing.ts';

/** RFC 6455, 4.2.1: what keeps a request from being the opening handshake; undefined when nothing does. */
export const upgradeProblem = (
  request: IncomingMessage,
  upgrade: string | undefined,
  framing: Framing,
): AppError | undefined => {
  const { headers } = request;
  if (request.method !== 'GET') return new AppError('method_not_allowed');
  if (upgrade?.toLowerCase() !== 'websocket' || headers['sec-websocket-version'] !== '13')
    return new AppError('upgrade_required');
  if (framing.kind !== 'none') return new AppError('bad_request', 'An upgrade has no body.');
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(headers['sec-websocket-key'] ?? ''))
    return new AppError('bad_request', 'Sec-WebSocket-Key must be 16 bytes in base64.');
  return undefined;
};
