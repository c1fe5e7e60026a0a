import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';

/** A process, told from a later one with the same pid by when it started. */
export const ProcessIdentity = z.object({
  name: z.string(),
  pid: z.number().int().positive(),
  /** In the system's own units: compared, never shown. */
  startedAt: z.string().min(1),
});

export type ProcessIdentity = z.output<typeof ProcessIdentity>;

const onLinux = (pid: number): string | undefined => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name stands in parentheses and may hold anything; behind it the first field is the state, the 20th the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
};

const elsewhere = (pid: number): string | undefined => {
  const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text.trim() || undefined;
};

const startTime = (pid: number): string | undefined => {
  try {
    return process.platform === 'linux' ? onLinux(pid) : elsewhere(pid);
  } catch {
    return undefined; // there is no such process
  }
};

/** Undefined when there is no such process any more. */
export const identify = (name: string, pid: number): ProcessIdentity | undefined => {
  const startedAt = startTime(pid);
  return startedAt === undefined ? undefined : { name, pid, startedAt };
};

export const isAlive = (identity: ProcessIdentity): boolean => startTime(identity.pid) === identity.startedAt;

const lookAgainMs = 25;

/** Ends a process that is not our child: SIGTERM, and SIGKILL when it takes longer than `withinMs`. */
export const endStranger = async (identity: ProcessIdentity, withinMs: number): Promise<void> => {
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (isAlive(identity)) process.kill(identity.pid, name);
    } catch {
      // it ended between the look and the signal
    }
  };
  signal('SIGTERM');
  const deadline = performance.now() + withinMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) signal('SIGKILL');
    await wait(lookAgainMs);
  }
};
