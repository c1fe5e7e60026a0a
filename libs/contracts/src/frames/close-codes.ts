/** WebSocket close codes of the terminal endpoint (RFC 6455, 7.4, and our own from the 4000 range). */
export const closeCode = {
  /** The session ended with its shell, or the client closed the connection. */
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  tooBig: 1009,
  internal: 1011,
  /** This instance shuts down. The client should reconnect; another instance has the session. */
  comeBack: 1012,
  unauthenticated: 4401,
  forbidden: 4403,
  notFound: 4404,
  /** A newer attachment of the same viewer replaced this one. The client must not reconnect. */
  displaced: 4408,
  /**
   * Raw and JSON modes only: the ring no longer holds the next byte. The client should re-attach; `x-stream-offset` contains where the stream
   * continues.
   */
  reattach: 4409,
  /** The session has ended or never existed. */
  ended: 4410,
  /** The machine is unreachable and the service has stopped waiting for it. */
  unreachable: 4503,
} as const;

export type CloseCode = (typeof closeCode)[keyof typeof closeCode];
