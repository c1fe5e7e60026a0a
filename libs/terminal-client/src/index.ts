export {
  type TerminalClientOptions,
  type TerminalHandlers,
  TerminalRefusal,
  type TerminalState,
  type TerminalTicket,
} from './api.ts';
export type { Clock } from './clock.ts';
export { TerminalClient } from './terminal-client.ts';
export type { WebSocketLike } from './web-socket.ts';
