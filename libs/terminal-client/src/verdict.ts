import { closeCode, type DownFrame } from '@webxterm/contracts/frames';

/** The next action of the client after a connection closed. */
export type CloseVerdict =
  /** Reconnect automatically. */
  | { kind: 'retry'; reason: string }
  /** The machine is unreachable. Reconnect, and report the state. */
  | { kind: 'unreachable' }
  | { kind: 'ended' }
  | { kind: 'refused'; code: string; message: string };

type Refused = Extract<DownFrame, { type: 'refused' }>;

const finalCodes: Record<number, { code: string; message: string }> = {
  [closeCode.protocolError]: { code: 'bad_request', message: 'Client and server do not understand each other.' },
  [closeCode.tooBig]: { code: 'payload_too_large', message: 'A message was too large for the server.' },
  [closeCode.forbidden]: { code: 'forbidden', message: 'You may not open this terminal.' },
  [closeCode.notFound]: {
    code: 'not_found',
    message: 'No machine or session by that id, or you have no access to it.',
  },
  [closeCode.displaced]: { code: 'displaced', message: 'This terminal was opened elsewhere with the same identity.' },
};

/** 1006 (no close frame) counts as 1012 (reconnect), and so does every code that is not known to be final. */
export const verdictOf = (code: number, reason: string, refused: Refused | undefined): CloseVerdict => {
  const final = finalCodes[code];
  if (final !== undefined)
    return {
      kind: 'refused',
      code: refused?.code ?? final.code,
      message: refused?.message ?? (reason || final.message),
    };
  if (code === closeCode.ended) return { kind: 'ended' };
  if (code === closeCode.unreachable) return { kind: 'unreachable' };
  return { kind: 'retry', reason: refused?.message ?? (reason || `the connection closed (${code})`) };
};
