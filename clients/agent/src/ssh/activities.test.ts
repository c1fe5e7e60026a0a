import type { SshActivity } from '@webxterm/contracts/grpc';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SshActivities } from './activities.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const session = Buffer.alloc(16, 1);
const command = (line: string) => ({ action: 'command', subject: line });
const opened = () => {
  const activities = new SshActivities(() => Date.now());
  const sent: SshActivity[] = [];
  return { activities, sent, send: (one: SshActivity) => void sent.push(one) };
};

it('reports to the hub that knows the session, and waits for one', () => {
  const { activities, sent, send } = opened();
  expect(activities.starts(session, 'ann', command('one'))).toBeUndefined();
  activities.follow(send);
  expect(sent).toEqual([]);
  activities.attached(session);
  activities.starts(session, 'ann', command('two\nlines \x1b'));
  expect(sent.map(({ subject }) => subject)).toEqual(['one', 'two\\nlines \\x1b']);
  // Another link: its hub does not know the session before somebody attaches again.
  activities.follow(undefined);
  activities.follow(send);
  activities.starts(session, 'ann', command('three'));
  expect(sent.length).toBe(2);
  vi.advanceTimersByTime(80_001);
  expect(sent.length).toBe(3);
});

it('lets a user start 600, then 10 a second, and another user as many', () => {
  const { activities, send } = opened();
  activities.follow(send);
  activities.attached(session);
  const started = (user: string): number => {
    for (let count = 0; ; count += 1) if (activities.starts(session, user, command('x')) !== undefined) return count;
  };
  expect([started('ann'), started('bob')]).toEqual([600, 600]);
  vi.setSystemTime(Date.now() + 10_000);
  expect(started('ann')).toBe(100);
});

it('starts nothing while too many reports wait for a link', () => {
  const { activities } = opened();
  const users = Array.from({ length: 4 }, (_, index) => `u${index}`);
  const answers = users.flatMap((user) =>
    Array.from({ length: 300 }, () => activities.starts(session, user, command('x'))),
  );
  expect(answers.filter((answer) => answer === undefined).length).toBe(1000);
  expect(answers.at(-1)).toContain('nothing can be audited');
});

it('counts the files that it does not report', () => {
  const { activities, sent, send } = opened();
  activities.follow(send);
  activities.attached(session);
  for (let count = 0; count < 1100; count += 1)
    activities.reports(session, 'ann', { action: 'file_read', subject: '/x' });
  expect(sent.length).toBe(1000);
  vi.setSystemTime(Date.now() + 1000);
  activities.reports(session, 'ann', { action: 'file_read', subject: '/y' });
  expect(sent.at(-1)).toMatchObject({ subject: '/y', more: 100 });
});
