import type { AuditRow } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { actorName, moreFacts, namesMachine, outcomeOf, subjectOf, targetName } from './audit-phrases.ts';
import { AuditSearch, filterOf } from './audit-search.ts';

const row: AuditRow = {
  seq: 7,
  event_id: 'x'.repeat(22),
  at: '2026-11-25T10:00:00.000Z',
  recorded_at: '2026-11-25T10:00:01.000Z',
  service: 'auth',
  action: 'role_changed',
  actor: { kind: 'user', user_id: 'a'.repeat(24), username: 'ada', verified: true },
  target: { type: 'user', id: 'b'.repeat(24), name: 'bob' },
  agent_id: null,
  session_id: null,
  address: '203.0.113.9',
  user_agent: '',
  result: 'ok',
  reason: null,
  request_id: 'r1',
  count: 3,
  details: { was: 'user', role: 'admin' },
};

describe('a row of the audit log, in words', () => {
  it('names the actor and the target, and names a person once', () => {
    expect([actorName(row), targetName(row)]).toEqual(['ada', 'bob']);
    expect(targetName({ ...row, target: { type: 'user', id: 'a'.repeat(24), name: 'ada' } })).toBeUndefined();
    const actor = { user_id: null, username: '', verified: true };
    expect(actorName({ ...row, actor: { ...actor, kind: 'nobody' } })).toBe('Nobody signed in');
    expect(actorName({ ...row, actor: { ...actor, kind: 'service' } })).toBe('WebXTerm (auth)');
    expect(actorName({ ...row, actor: { ...actor, kind: 'operator', username: 'root' } })).toBe('root (on the server)');
    const removed = { ...row, actor: { ...actor, kind: 'service' as const }, details: { by: 'agent_uninstalled' } };
    expect(actorName(removed)).toBe("The machine's agent (uninstalled)");
  });

  it('names the machine and the command, and how a command failed', () => {
    const ran = { ...row, action: 'command_executed', agent_id: `ag_${'1'.repeat(26)}`, target: null } as const;
    const details = { command: 'make', exit_code: 2, signal: '', timed_out: false };
    expect([namesMachine(ran), subjectOf({ ...ran, details }), outcomeOf({ ...ran, details }).text]).toEqual([
      true,
      'make',
      'Exit 2',
    ]);
    expect(outcomeOf({ ...ran, details: { ...details, exit_code: 0 } }).text).toBe('Done');
    expect(outcomeOf({ ...ran, details: { ...details, timed_out: true } }).text).toBe('Timed out');
    expect(outcomeOf({ ...ran, result: 'denied', details }).text).toBe('Denied');
    expect(namesMachine({ ...ran, action: 'machine_renamed' })).toBe(false);
  });

  it('names the machine and the path of a file', () => {
    const renamed = { ...row, action: 'file_renamed', agent_id: `ag_${'1'.repeat(26)}`, target: null } as const;
    const details = { path: '/tmp/a', to: '/tmp/b', bytes: 1 };
    expect([namesMachine(renamed), subjectOf({ ...renamed, details })]).toEqual([true, '/tmp/a → /tmp/b']);
    expect(subjectOf({ ...renamed, action: 'file_removed', details: { path: '/tmp/a' } })).toBe('/tmp/a');
    expect(subjectOf({ ...row, details: { path: '/tmp/a' } })).toBeUndefined();
  });

  it('shows every other fact', () => {
    const facts = Object.fromEntries(moreFacts(row));
    expect(facts).toMatchObject({ Row: '7', Times: '3', Request: 'r1', was: 'user', role: 'admin' });
    expect(facts).not.toHaveProperty('Machine');
    expect(facts).not.toHaveProperty('User agent');
  });
});

describe('the address of the page', () => {
  it('keeps the filters and drops other parameters', () => {
    const search = AuditSearch.parse({
      action: 'login',
      result: 'nonsense',
      user: 'x',
      from: '2026-11-25T10:00',
      to: 'y',
    });
    expect(search).toEqual({ action: 'login', from: '2026-11-25T10:00' });
    expect(filterOf(search)).toEqual({ action: 'login', from: new Date('2026-11-25T10:00').toISOString() });
    expect(filterOf({})).toEqual({});
  });
});
