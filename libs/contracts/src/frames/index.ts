export * from './close-codes.ts';
export * from './down-codec.ts';
export type * from './frame.ts';
export { endCausesOfHub, frameType, inputHeaderSize, outputHeaderSize } from './layout.ts';
export * from './limits.ts';
export * from './up-codec.ts';
export { FrameError } from './wire.ts';

/** WebSocket subprotocols of `/api/terminal/:agent_id/ws`. None of them: raw mode. */
export const subprotocol = {
  v1: 'webxterm.v1',
  json: 'webxterm.json',
} as const;

const tokenPrefix = 'webxterm.token.';

/**
 * A token as one more subprotocol that a client offers. A browser prints the address of each failed attempt in its console, and a token that
 * is still good with it; of subprotocols it prints none. It is never the one that is answered.
 */
export const tokenProtocol = (token: string): string => `${tokenPrefix}${token}`;

/** The token among the subprotocols that are offered; undefined: there is none. */
export const tokenOfProtocols = (offered: readonly string[]): string | undefined =>
  offered.find((name) => name.startsWith(tokenPrefix))?.slice(tokenPrefix.length);
