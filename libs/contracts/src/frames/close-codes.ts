/** WebSocket close codes of the terminal endpoint (RFC 6455, 7.4, and our own from the 4000 range). */
export const closeCode = {
  /** The session ended with its shell, or the client left. */
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  tooBig: 1009,
  internal: 1011,
  /** This instance is going: come back, another one has the session. */
  comeBack: 1012,
  unauthenticated: 4401,
  forbidden: 4403,
  notFound: 4404,
  /** The same viewer's newer attachment took over. Do not come back. */
  displaced: 4408,
  /** Raw and JSON only: the next byte has left the ring. Re-attach; `x-stream-offset` says where the stream goes on. */
  reattach: 4409,
  /** The session is over, or was never there. */
  ended: 4410,
  /** The machine cannot be reached and will not be waited for any longer. */
  unreachable: 4503,
} as const;

export type CloseCode = (typeof closeCode)[keyof typeof closeCode];
