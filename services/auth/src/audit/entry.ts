import { AuditEvent, Envelope, readAuditSubject } from '@webxterm/contracts/bus';
import { auditEventId } from '@webxterm/shared/audit';
import type { SubmittedEvent } from './actor.ts';
import type { AuditEntry, RowActor } from './row.ts';

/** A message of the AUDIT stream. */
export interface AuditMessage {
  readonly subject: string;
  /** Parsed JSON; undefined if it is not JSON. */
  readonly body: unknown;
  /** Its sequence in the stream and its time of arrival, which together identify it permanently. */
  readonly streamSeq: number;
  readonly arrivedAt: Date;
}

const services = ['auth', 'agent-hub', 'terminal'] as const;

/**
 * The event of a message. The service comes from the subject, on which NATS allows only that service to publish. A message that is not an
 * event, or not one of that service, becomes a row of its own, so that every message leaves a trace.
 */
export const readMessage = (message: AuditMessage): SubmittedEvent => {
  const subject = readAuditSubject(message.subject);
  const envelope = Envelope.safeParse(message.body);
  const event = AuditEvent.safeParse(envelope.data?.body);
  if (subject !== undefined && event.success && event.data.action === subject.action)
    return { service: subject.service, event: event.data };
  const known = services.find((service) => message.subject.startsWith(`audit.${service}.`));
  const problem =
    subject === undefined
      ? 'not an action of this service'
      : event.success
        ? 'another action than its subject'
        : 'no event';
  return {
    service: known ?? 'auth',
    event: {
      event_id: auditEventId('refused', String(message.streamSeq), message.arrivedAt.toISOString()),
      at: message.arrivedAt.toISOString(),
      action: 'audit_refused',
      actor: { kind: 'service' },
      target: null,
      agent_id: null,
      session_id: null,
      address: '',
      user_agent: '',
      result: 'denied',
      reason: 'unreadable',
      request_id: '',
      count: 1,
      details: { subject: message.subject.slice(0, 256), problem },
    },
  };
};

/** The entry of an event. A time in the future is replaced by the current time, so that no event stays first in the list. */
export const entryOf = ({ service, event }: SubmittedEvent, actor: RowActor, now: Date): AuditEntry => {
  const claimedAt = new Date(event.at);
  return {
    event_id: event.event_id,
    at: claimedAt > now ? now : claimedAt,
    recorded_at: now,
    service,
    action: event.action,
    actor,
    target: event.target,
    agent_id: event.agent_id,
    session_id: event.session_id,
    address: event.address,
    user_agent: event.user_agent,
    result: event.result,
    reason: event.reason,
    request_id: event.request_id,
    count: event.count,
    details: JSON.stringify(event.details),
  };
};
