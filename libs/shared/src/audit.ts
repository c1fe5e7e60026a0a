export { type ActOptions, Auditor, type AuditorOptions, auditEventId, refusalFact } from './audit/auditor.ts';
export { type AuditFact, actorOf } from './audit/event.ts';
export { AuditOutbox } from './audit/outbox.ts';
export { auditSigninRef } from './audit/signin-ref.ts';
