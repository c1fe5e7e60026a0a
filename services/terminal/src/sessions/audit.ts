import { requestScope } from '@webxterm/shared';
import { type AuditFact, auditEventId, auditSigninRef } from '@webxterm/shared/audit';
import type { SessionEventName, SessionOrigin, SessionRecord } from './record.ts';

/** The origin of a session from the current request scope; null without a caller. */
export const sessionOrigin = (): SessionOrigin | null => {
  const scope = requestScope();
  if (scope?.caller === undefined) return null;
  return {
    signin_ref: auditSigninRef(scope.caller.sid),
    request_id: scope.requestId,
    user_agent: scope.userAgent.slice(0, 256),
  };
};

/** The audit fact of a session event. Its fixed event id makes repeated records one row. */
export const sessionFact = (record: SessionRecord, event: SessionEventName): AuditFact => {
  const common = {
    eventId: auditEventId('session', record.session_id, event),
    agentId: record.agent_id,
    sessionId: record.session_id,
    target: { type: 'session', id: record.session_id, name: record.username },
  } as const;
  if (event === 'opened')
    return {
      ...common,
      action: 'terminal_opened',
      at: record.opened_at ?? record.created_at,
      ...(record.linux_user === undefined ? {} : { details: { linux_user: record.linux_user } }),
      actor: {
        kind: 'user',
        user_id: record.user_id,
        username: record.username,
        signin_ref: record.origin?.signin_ref ?? null,
      },
      from: {
        clientIp: record.ip_address,
        requestId: record.origin?.request_id ?? '',
        userAgent: record.origin?.user_agent ?? '',
      },
    };
  return {
    ...common,
    action: 'terminal_closed',
    at: record.closed_at ?? record.created_at,
    actor: { kind: 'service' },
    ...(record.cause === null ? {} : { reason: record.cause }),
    details: { user_id: record.user_id, exit_code: record.exit_code, signal: record.signal },
  };
};
