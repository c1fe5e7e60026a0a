export * from './close-codes.ts';
export * from './down-codec.ts';
export type * from './frame.ts';
export { FrameTimes } from './frame-times.ts';
export {
  endCauses,
  endCausesOfHub,
  frameType,
  inputHeaderSize,
  isIgnorable,
  olderCause,
  outputHeaderSize,
  recordingModes,
} from './layout.ts';
export * from './limits.ts';
export { maxNameBytes } from './participants.ts';
export * from './up-codec.ts';
export { FrameError } from './wire.ts';

/** WebSocket subprotocols of `/api/terminal/:agent_id/ws`. Raw mode has none. */
export const subprotocol = {
  v1: 'webxterm.v1',
  json: 'webxterm.json',
} as const;

const tokenPrefix = 'webxterm.token.';

/**
 * A token as an additional subprotocol that a client offers. A browser prints the URL of each failed connection in its console, so a valid
 * token in the query would be visible there. It does not print subprotocols. The server never selects this subprotocol.
 */
export const tokenProtocol = (token: string): string => `${tokenPrefix}${token}`;

/** The token among the offered subprotocols. Undefined if there is none. */
export const tokenOfProtocols = (offered: readonly string[]): string | undefined =>
  offered.find((name) => name.startsWith(tokenPrefix))?.slice(tokenPrefix.length);
