import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { type AuditAction, type AuditService, auditActionNames, auditActions, auditFacts } from '../rest/audit.ts';

const Name = z.string().max(256);

/** Who says a service did it. What is believed of it is decided by the reader: see services/auth/src/audit/actor.ts. */
export const ClaimedActor = z.discriminatedUnion('kind', [
  /** `signin_ref` proves that the service has seen a token of the sign-in (auditSigninRef); null where auth speaks of its own users. */
  z.object({ kind: z.literal('user'), user_id: UserId, username: Name, signin_ref: z.string().max(64).nullable() }),
  /** A machine that registers: its API key's id names the user. */
  z.object({ kind: z.literal('api_key'), user_id: UserId, username: Name, key_id: z.string().max(64) }),
  /** Somebody with a shell on the server. */
  z.object({ kind: z.literal('operator'), username: Name }),
  /** The service by itself. */
  z.object({ kind: z.literal('service') }),
  /** Nobody is signed in. */
  z.object({ kind: z.literal('nobody') }),
]);
export type ClaimedActor = z.infer<typeof ClaimedActor>;

/** What a service publishes on `audit.<service>.<action>`. */
export const AuditEvent = z.object({ ...auditFacts, actor: ClaimedActor });
export type AuditEvent = z.infer<typeof AuditEvent>;

/**
 * Who did what: each service may publish under its own name only, so the subject says which service speaks. A work queue: what
 * auth has written down is gone from it.
 */
export const auditStream = { name: 'AUDIT', subjects: ['audit.>'] } as const;
export const auditSubject = (service: AuditService, action: AuditAction): string => `audit.${service}.${action}`;

/** The service and action of a subject; undefined when that service has no such action. */
export const readAuditSubject = (subject: string): { service: AuditService; action: AuditAction } | undefined => {
  const action = auditActionNames.find((name) => subject === auditSubject(auditActions[name], name));
  return action && { service: auditActions[action], action };
};

/** More than waits in a long outage; beyond it the stream refuses, and events wait at the services. */
export const auditStreamBytes = 256 * 1024 * 1024;

/** The one reader of AUDIT, shared by all instances of auth. */
export const auditConsumer = 'audit-writer';

/** How far the chain of rows had come: in a stream that auth may add to and nobody may shorten, so that a cut tail is found. */
export const checkpointStream = { name: 'AUDIT_CHECKPOINTS', subjects: ['audit_checkpoints'] } as const;
export const checkpointSubject = checkpointStream.subjects[0];
/** Two years of one a minute. */
export const checkpointStreamBytes = 256 * 1024 * 1024;

export const AuditCheckpoint = z.object({
  v: z.literal(1),
  seq: z.number().int().min(1),
  /** Of the row `seq`, base64url. */
  mac: z.string().max(64),
  at: Timestamp,
});
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;
