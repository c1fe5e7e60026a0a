import type { SessionEnded, SessionInfo } from '@webxterm/contracts/grpc';
import type { Session } from './session.ts';

/** The entry of a session in the list that the agent sends after a welcome. */
export const infoOf = (session: Session): SessionInfo => ({
  sessionId: Buffer.from(session.id, 'hex'),
  ownerUserId: session.ownerUserId,
  kind: session.kind,
  state: session.state.state,
  head: BigInt(session.ring.head),
  ...session.size,
  createdAtMs: BigInt(session.createdAtMs),
  attachments: session.attachmentCount,
});

/** The message that reports a session's end to a hub, or undefined while the session is alive. */
export const endOf = (session: Session): SessionEnded | undefined => {
  const { result } = session;
  if (result === undefined) return undefined;
  return {
    sessionId: Buffer.from(session.id, 'hex'),
    finalOffset: BigInt(result.finalOffset),
    exitCode: result.exitCode,
    signal: result.signal,
    cause: result.cause,
  };
};
