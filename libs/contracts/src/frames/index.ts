export * from './close-codes.ts';
export * from './down-codec.ts';
export type * from './frame.ts';
export { frameType, inputHeaderSize, outputHeaderSize } from './layout.ts';
export * from './limits.ts';
export * from './up-codec.ts';
export { FrameError } from './wire.ts';

/** WebSocket subprotocols of `/api/terminal/:agent_id/ws`. None of them: raw mode. */
export const subprotocol = {
  v1: 'webxterm.v1',
  json: 'webxterm.json',
} as const;
