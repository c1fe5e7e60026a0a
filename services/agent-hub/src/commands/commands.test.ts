import { commandLimits } from '@webxterm/contracts/command-limits';
import { CommandOutput } from '@webxterm/contracts/grpc';
import { describe, expect, it } from 'vitest';
import type { ToAgent } from '../agent-links/link.ts';
import { Commands } from './commands.ts';

/** A machine that receives commands, and answers when the test makes it. */
const machine = () => {
  const reported: string[] = [];
  const gone: (() => void)[] = [];
  return {
    reported,
    gone,
    send: (message: ToAgent): void => {
      if (message.$case === 'command') reported.push(message.value.commandId);
    },
    onClose: (listener: () => void): (() => void) => {
      gone.push(listener);
      return () => undefined;
    },
  };
};

const line = { command: 'true', timeoutSeconds: 30, linuxUser: 'ubuntu', requestId: 'r' };
const outputOf = (commandId: string, more: Partial<CommandOutput> = {}): CommandOutput =>
  CommandOutput.fromPartial({ commandId, ...more });

describe('commands that machines have not answered', () => {
  it('are bounded for each user and in total, so that one user cannot use all places', async () => {
    const [commands, link] = [new Commands(), machine()];
    const running: Promise<unknown>[] = [];
    const start = (userId: string): void => void running.push(commands.run(link, userId, line).catch(() => undefined));
    const { ofUserAtHub: maxRunningPerUser, atHub: maxRunning } = commandLimits;
    for (let count = 0; count < maxRunningPerUser; count += 1) start('ann');
    await expect(commands.run(link, 'ann', line)).rejects.toMatchObject({ code: 'too_many_commands' });
    for (let user = 1; user < maxRunning / maxRunningPerUser; user += 1)
      for (let count = 0; count < maxRunningPerUser; count += 1) start(`user ${user}`);
    expect(link.reported).toHaveLength(maxRunning);
    await expect(commands.run(link, 'zoe', line)).rejects.toMatchObject({ code: 'too_many_requests' });
    commands.receive(link, outputOf(link.reported[0] ?? ''));
    start('zoe');
    expect(link.reported).toHaveLength(maxRunning + 1);
    for (const end of link.gone) end();
    await Promise.all(running);
  });

  it('have no exit code after a time-out', async () => {
    const [commands, link] = [new Commands(), machine()];
    const answer = commands.run(link, 'ann', line);
    commands.receive(link, outputOf(link.reported[0] ?? '', { timedOut: true }));
    expect(await answer).toMatchObject({ exit_code: null, signal: null, timed_out: true });
  });
});
