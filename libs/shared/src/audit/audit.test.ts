import { AuditEvent, auditSubject, readAuditSubject } from '@webxterm/contracts/bus';
import { auditActionNames, auditActions } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { inRequestScope } from '../http/request-scope.ts';
import { hashSid } from '../tokens/access-token.ts';
import { auditEventId, refusalFact } from './auditor.ts';
import { actorOf, auditEvent } from './event.ts';
import { auditSigninRef } from './signin-ref.ts';
import { maxKinds, Tally } from './tally.ts';

const at = new Date('2026-11-25T10:00:00Z');
const caller = { userId: 'a'.repeat(24), username: 'ada', sid: 'the sid' };
const scope = { requestId: 'r', clientIp: '203.0.113.9', userAgent: 'curl', caller };

describe('an audit event', () => {
  it('contains the caller and the address of the request in whose scope it is made', () => {
    expect(inRequestScope(scope, () => auditEvent({ action: 'machine_removed' }, scope, at))).toMatchObject({
      actor: { kind: 'user', user_id: caller.userId, username: 'ada', signin_ref: auditSigninRef('the sid') },
      address: '203.0.113.9',
      user_agent: 'curl',
      request_id: 'r',
      at: at.toISOString(),
      result: 'ok',
      count: 1,
    });
    expect(actorOf(undefined)).toEqual({ kind: 'service' });
    expect(actorOf({ ...scope, caller: undefined })).toEqual({ kind: 'nobody' });
    expect(actorOf({ ...scope, caller: undefined, operator: 'root' })).toEqual({ kind: 'operator', username: 'root' });
  });

  it('contains neither the sid of a sign-in nor a value of it that every service can read', () => {
    const text = JSON.stringify(auditEvent({ action: 'machine_removed' }, scope, at));
    expect(text).not.toContain('the sid');
    expect(text).not.toContain(hashSid('the sid'));
  });

  it('is truncated, not refused, if a field is too long or no id', () => {
    const long = 'x'.repeat(10_000);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index} ${long}`, long]));
    const event = auditEvent(
      {
        action: 'command_executed',
        reason: long,
        agentId: 'no id',
        sessionId: long,
        target: { type: 'machine', id: long, name: long },
        details: many,
        from: { requestId: long, clientIp: long, userAgent: long },
      },
      { ...scope, caller: { ...caller, username: long } },
      at,
    );
    expect(AuditEvent.safeParse(event).success).toBe(true);
    expect(event).toMatchObject({ agent_id: null, session_id: null, reason: 'x'.repeat(64) });
    expect(Object.keys(event.details)).toHaveLength(16);
    expect(JSON.stringify(event).length).toBeLessThan(8000);
  });

  it('has the same id for the same fact, and another id for every other fact', () => {
    expect(auditEventId('session', 's', 'opened')).toBe(auditEventId('session', 's', 'opened'));
    const ids = [auditEventId('a', 'bc'), auditEventId('ab', 'c'), auditEventId('abc'), auditEventId('a', 'b', 'c')];
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it('distinguishes a denied action from a failed one', () => {
    expect(refusalFact(new AppError('machine_not_found'))).toEqual({ result: 'denied', reason: 'machine_not_found' });
    expect(refusalFact(new AppError('view_only'))).toEqual({ result: 'denied', reason: 'view_only' });
    expect(refusalFact(new AppError('machine_offline'))).toEqual({ result: 'failed', reason: 'machine_offline' });
    expect(refusalFact(new Error('x'))).toEqual({ result: 'failed', reason: 'internal' });
  });
});

describe('the subject of an event', () => {
  it('names the service whose action it is, and no other service has it', () => {
    for (const action of auditActionNames) {
      const service = auditActions[action];
      expect(readAuditSubject(auditSubject(service, action))).toEqual({ service, action });
      const other = service === 'auth' ? 'terminal' : 'auth';
      expect(readAuditSubject(auditSubject(other, action))).toBeUndefined();
    }
    expect(readAuditSubject('audit.auth.login.more')).toBeUndefined();
  });
});

describe('an event that any client can cause at any rate', () => {
  const event = auditEvent({ action: 'login_failed' }, undefined, at);

  it('is recorded at once for the first time, and with its count after a minute', () => {
    let now = 0;
    const tally = new Tally(() => now);
    expect(tally.add('ada', event)).toBe(true);
    expect(tally.add('bob', event)).toBe(true);
    for (let again = 0; again < 5; again += 1) expect(tally.add('ada', event)).toBe(false);
    expect(tally.take(now)).toEqual([]);
    now = 60_000;
    expect(tally.take(now)).toEqual([{ ...event, count: 5 }]);
    expect(tally.take(now)).toEqual([]);
    expect(tally.add('ada', event)).toBe(true);
  });

  it('is counted together beyond a thousand kinds, so that it fills neither memory nor log', () => {
    const tally = new Tally(() => 0);
    for (let kind = 0; kind < maxKinds; kind += 1) expect(tally.add(`kind ${kind}`, event)).toBe(true);
    expect(tally.add('one more', event)).toBe(true);
    for (let kind = 0; kind < 10_000; kind += 1) expect(tally.add(`other ${kind}`, event)).toBe(false);
    expect(tally.take(60_000)).toEqual([{ ...event, count: 10_000 }]);
  });
});
