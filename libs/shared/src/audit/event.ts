import { randomBytes } from 'node:crypto';
import { AuditEvent, type ClaimedActor } from '@webxterm/contracts/bus';
import {
  AgentId,
  type AuditAction,
  type AuditDetails,
  type AuditResult,
  type AuditTarget,
  auditDetailsLimit,
  auditTextLimit,
  SessionId,
} from '@webxterm/contracts/rest';
import type { RequestScope } from '../http/request-scope.ts';
import { auditSigninRef } from './signin-ref.ts';

/** An audited fact. The actor and the address come from the current request scope, unless `actor` or `from` is given. */
export interface AuditFact {
  readonly action: AuditAction;
  /** Default `ok`. */
  readonly result?: AuditResult;
  /** An error code or a reason specific to the action, at most 64 characters. */
  readonly reason?: string;
  readonly target?: AuditTarget;
  readonly agentId?: string;
  readonly sessionId?: string;
  readonly count?: number;
  /** Flat, and never a secret. Long texts are cut to 256 characters. */
  readonly details?: AuditDetails;
  readonly actor?: ClaimedActor;
  /** A fixed id, so that a fact recorded again after a crash stays one row: see auditEventId. */
  readonly eventId?: string;
  readonly at?: Date;
  /** The request that the fact belongs to, if it is recorded outside of that request. */
  readonly from?: Pick<RequestScope, 'requestId' | 'clientIp' | 'userAgent'>;
}

const newEventId = (): string => randomBytes(16).toString('base64url');

/** Cutting can split a surrogate pair. A lone half is not valid text, and MongoDB would store a different character. */
const cut = (text: string, limit = auditTextLimit): string => text.slice(0, limit).toWellFormed();

/** The actor of the given scope. */
export const actorOf = (scope: RequestScope | undefined): ClaimedActor => {
  if (scope === undefined) return { kind: 'service' };
  if (scope.operator !== undefined) return { kind: 'operator', username: scope.operator };
  if (scope.caller === undefined) return { kind: 'nobody' };
  const { userId, username, sid } = scope.caller;
  return { kind: 'user', user_id: userId, username, signin_ref: auditSigninRef(sid) };
};

/** The event of a fact. Long values are cut and invalid ids are omitted, so that no event is rejected for its form. */
export const auditEvent = (fact: AuditFact, scope: RequestScope | undefined, now: Date): AuditEvent => {
  const from = fact.from ?? scope;
  return AuditEvent.parse({
    event_id: fact.eventId ?? newEventId(),
    at: (fact.at ?? now).toISOString(),
    action: fact.action,
    actor: shortened(fact.actor ?? actorOf(scope)),
    target: fact.target === undefined ? null : targetOf(fact.target),
    agent_id: AgentId.safeParse(fact.agentId).data ?? null,
    session_id: SessionId.safeParse(fact.sessionId).data ?? null,
    address: cut(from?.clientIp ?? ''),
    user_agent: cut(from?.userAgent ?? ''),
    result: fact.result ?? 'ok',
    reason: fact.reason === undefined ? null : cut(fact.reason, 64),
    request_id: cut(from?.requestId ?? '', 128),
    count: fact.count ?? 1,
    details: detailsOf(fact.details ?? {}),
  });
};

const shortened = (actor: ClaimedActor): ClaimedActor =>
  'username' in actor ? { ...actor, username: cut(actor.username) } : actor;

const targetOf = ({ type, id, name }: AuditTarget): AuditTarget => ({ type, id: cut(id), name: cut(name) });

const detailsOf = (details: AuditDetails): AuditDetails =>
  Object.fromEntries(
    Object.entries(details)
      .slice(0, auditDetailsLimit)
      .map(([key, value]) => [cut(key, 64), typeof value === 'string' ? cut(value) : value]),
  );
