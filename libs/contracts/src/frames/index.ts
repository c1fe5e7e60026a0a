export * from './close-codes.ts';
export * from './codec.ts';
export type * from './frame.ts';
export * from './limits.ts';
export { FrameError } from './wire.ts';

/** WebSocket subprotocols of `/api/terminal/:agent_id/ws`. None of them: raw mode. */
export const subprotocol = {
  v1: 'webxterm.v1',
  json: 'webxterm.json',
} as const;
