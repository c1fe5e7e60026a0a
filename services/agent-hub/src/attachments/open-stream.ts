import type { AttachOpen, OpenStream } from '@webxterm/contracts/grpc';
import type { Right } from '@webxterm/contracts/rights';
import type { Appointment } from './rendezvous.ts';

/** The viewer and its rights, which the agent receives beside the request. */
export type StreamFacts = Pick<
  OpenStream,
  'userId' | 'ownerUserId' | 'grant' | 'recording' | 'username' | 'typesAlways'
> & {
  /** The rights on the machine that the kind of the session distinguishes, if it does. */
  readonly passedOn: readonly Right[];
};

/** The message with which a hub asks an agent for the stream of an attachment. */
export const openStream = (
  open: AttachOpen,
  appointment: Appointment,
  facts: StreamFacts,
  traceparent?: string,
): OpenStream => ({
  attachId: appointment.attachId,
  secret: appointment.secret,
  sessionId: open.sessionId,
  viewerId: open.viewerId,
  kind: open.kind,
  userId: facts.userId,
  ownerUserId: facts.ownerUserId,
  grant: facts.grant,
  recording: facts.recording,
  username: facts.username,
  typesAlways: facts.typesAlways,
  role: open.role,
  create: open.create,
  from: open.from,
  cols: open.cols,
  rows: open.rows,
  edge: open.edge,
  requestId: open.requestId.slice(0, 128),
  linuxUser: open.linuxUser,
  target: open.target,
  rights: [...facts.passedOn],
  traceparent,
});
