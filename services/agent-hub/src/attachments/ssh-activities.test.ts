import { SshActivity } from '@webxterm/contracts/grpc';
import { createLogger } from '@webxterm/shared';
import type { AuditFact } from '@webxterm/shared/audit';
import { expect, it } from 'vitest';
import { SshActivities } from './ssh-activities.ts';

const sessionId = Buffer.alloc(16, 1);
const machine = { agentId: 'ag_1', machineName: 'web-1' };
const opened = () => {
  const facts: AuditFact[] = [];
  const counted: AuditFact[] = [];
  const kinds = new Set<string>();
  const clock = { now: 0 };
  const activities = new SshActivities({
    auditor: {
      record: async (fact) => void facts.push(fact),
      count: async (kind, fact) => {
        kinds.add(kind);
        counted.push(fact);
      },
    },
    logger: createLogger({ service: 'test', level: 'silent' }),
    now: () => clock.now,
  });
  const enter = (id = sessionId, userId = 'u1') =>
    activities.enter(
      { agentId: 'ag_1', sessionId: id, userId, username: 'ann', sid: 'sid' },
      { requestId: 'r1', clientIp: '192.0.2.1' },
    );
  const receive = (more: Partial<SshActivity>): void =>
    activities.receive(machine, SshActivity.fromPartial({ sessionId, action: 'command', subject: 'id', ...more }));
  return { facts, counted, kinds, clock, enter, receive };
};

it('names the user that the hub has checked, and none for a connection that it does not know', () => {
  const { facts, enter, receive, clock } = opened();
  const leave = enter();
  receive({ linuxUser: 'deploy', terminal: true });
  receive({ sessionId: Buffer.alloc(16, 9) });
  expect(facts).toMatchObject([
    {
      action: 'ssh_command',
      actor: { kind: 'user', user_id: 'u1', username: 'ann' },
      from: { requestId: 'r1', clientIp: '192.0.2.1' },
      details: { command: 'id', linux_user: 'deploy', terminal: true },
    },
    { actor: { kind: 'service' }, details: { connection: 'unknown' } },
  ]);
  leave();
  clock.now += 60_000;
  receive({ action: 'shell', refused: 'view_only' });
  expect(facts.at(-1)).toMatchObject({
    action: 'ssh_shell',
    actor: { user_id: 'u1' },
    result: 'denied',
    reason: 'view_only',
  });
  clock.now += 120_000;
  enter(Buffer.alloc(16, 2))();
  receive({});
  expect(facts.at(-1)?.actor).toEqual({ kind: 'service' });
});

it('keeps the user of a connection whose id another user names, until it has ended', () => {
  const { facts, enter, receive } = opened();
  const leave = enter();
  enter(sessionId, 'u2')();
  receive({});
  expect(facts.at(-1)?.actor).toMatchObject({ user_id: 'u1' });
  leave();
  enter(sessionId, 'u2');
  receive({});
  expect(facts.at(-1)?.actor).toMatchObject({ user_id: 'u2' });
});

it('makes what a machine says plain, and drops what it does not know', () => {
  const { facts, enter, receive } = opened();
  enter();
  for (const action of ['constructor', '', 'login', '__proto__']) receive({ action });
  receive({ sessionId: Buffer.alloc(3) });
  expect(facts).toEqual([]);
  receive({
    subject: `a\u202e\u0007${'x'.repeat(5000)}`,
    refused: 'not a code',
    linuxUser: 'a:b',
    bytes: 2n ** 64n - 1n,
  });
  expect(facts[0]).toMatchObject({ result: 'denied', reason: 'internal' });
  expect(facts[0]?.details).toEqual({ command: `a${'x'.repeat(255)}` });
});

it('counts what an agent reports too often', () => {
  const { facts, counted, enter, receive, clock } = opened();
  enter();
  for (let count = 0; count < 3100; count += 1) receive({});
  expect([facts.length, counted.length]).toEqual([3000, 100]);
  clock.now += 1000;
  for (let count = 0; count < 100; count += 1) receive({});
  expect(facts.length).toBe(3050);
});

it.each([
  ['connections that it makes up', 300, () => undefined],
  [
    'many connections of one user',
    3000,
    (enter: (id?: Buffer<ArrayBuffer>) => void, id: Buffer<ArrayBuffer>) => enter(id),
  ],
])('counts what a machine reports too often about %s', (_what, rows, begin) => {
  const { facts, counted, kinds, enter, receive } = opened();
  for (let count = 0; count < 4000; count += 1) {
    const id = Buffer.alloc(16);
    id.writeUInt32BE(count);
    begin(enter, id);
    receive({ sessionId: id });
  }
  expect([facts.length, counted.length, kinds.size]).toEqual([rows, 4000 - rows, 1]);
});
