import { tokenProtocol } from '@webxterm/contracts/frames';

/** The part of a WebSocket that the client uses. Browsers, Node and `ws` implement it. */
export interface WebSocketLike {
  binaryType: string;
  /** Bytes passed to `send` that have not gone out. */
  readonly bufferedAmount: number;
  send(message: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  addEventListener(type: 'error', listener: () => void): void;
}

/** Sends the token as a subprotocol. In the URL it would appear in the browser's console when an attempt fails. */
export const openGlobalSocket = (url: string, protocol: string, token: string): WebSocketLike =>
  new WebSocket(url, [protocol, tokenProtocol(token)]);
