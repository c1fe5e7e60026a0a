import { pino } from 'pino';
import { expect, it } from 'vitest';
import { SessionHandOver } from './session-hand-over.ts';

it('does not leave while a command runs that arrived meanwhile, and lets the sessions go on', async () => {
  let frozen = true;
  const freeze = (on: boolean): void => {
    frozen = on;
  };
  const none = (): never => {
    throw new Error('there are no sessions');
  };
  const sessions = { isEmpty: true, canBeHandedOver: true, freeze, snapshots: none, handOver: none, abandonAll: none };
  const handOver = new SessionHandOver({
    sessions,
    log: pino({ level: 'silent' }),
    now: () => 0,
  });
  let idle = false;
  expect(await handOver.prepare('instance', () => idle)).toBe(false);
  expect([handOver.isRunning, handOver.isPossible, frozen]).toEqual([false, true, false]);
  idle = true;
  expect(await handOver.prepare('instance', () => idle)).toBe(true);
  expect(handOver.isRunning).toBe(true);
});
