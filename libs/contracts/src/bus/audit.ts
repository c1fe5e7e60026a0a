import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { type AuditAction, type AuditService, auditActionNames, auditActions, auditFacts } from '../rest/audit.ts';

const Name = z.string().max(256);

/** The actor as the publishing service names it. The reader decides what to trust, see services/auth/src/audit/actor.ts. */
export const ClaimedActor = z.discriminatedUnion('kind', [
  /** `signin_ref` proves that the service has seen a token of the sign-in (auditSigninRef). Null for events of auth itself. */
  z.object({ kind: z.literal('user'), user_id: UserId, username: Name, signin_ref: z.string().max(64).nullable() }),
  /** A machine that registers. The id of its API key names the user. */
  z.object({ kind: z.literal('api_key'), user_id: UserId, username: Name, key_id: z.string().max(64) }),
  /** A person with a shell on the server. */
  z.object({ kind: z.literal('operator'), username: Name }),
  /** The service itself, without a user. */
  z.object({ kind: z.literal('service') }),
  /** No user is signed in. */
  z.object({ kind: z.literal('nobody') }),
]);
export type ClaimedActor = z.infer<typeof ClaimedActor>;

/** Payload of `audit.<service>.<action>`. */
export const AuditEvent = z.object({ ...auditFacts, actor: ClaimedActor });
export type AuditEvent = z.infer<typeof AuditEvent>;

/**
 * Audit events. Each service may publish only under its own name, so the subject proves the service. A work queue: an event is removed once
 * auth has stored it.
 */
export const auditStream = { name: 'AUDIT', subjects: ['audit.>'] } as const;
export const auditSubject = (service: AuditService, action: AuditAction): string => `audit.${service}.${action}`;

/** Service and action of a subject. Undefined if the service has no such action. */
export const readAuditSubject = (subject: string): { service: AuditService; action: AuditAction } | undefined => {
  const action = auditActionNames.find((name) => subject === auditSubject(auditActions[name], name));
  return action && { service: auditActions[action], action };
};

/** More than a long outage produces. When the stream is full it rejects events, and the services keep them. */
export const auditStreamBytes = 256 * 1024 * 1024;

/** The only consumer of AUDIT, shared by all instances of auth. */
export const auditConsumer = 'audit-writer';

/** Checkpoints of the chain of audit rows. Auth may append to this stream, and no user may shorten it, so a truncated chain is detected. */
export const checkpointStream = { name: 'AUDIT_CHECKPOINTS', subjects: ['audit_checkpoints'] } as const;
export const checkpointSubject = checkpointStream.subjects[0];
/** Holds two years of checkpoints at one a minute. */
export const checkpointStreamBytes = 256 * 1024 * 1024;

export const AuditCheckpoint = z.object({
  v: z.literal(1),
  seq: z.number().int().min(1),
  /** MAC of the row `seq`, base64url. */
  mac: z.string().max(64),
  at: Timestamp,
});
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;
