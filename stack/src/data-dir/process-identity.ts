import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';

/** Identifies a process. The start time distinguishes it from a later process with the same pid. */
export const ProcessIdentity = z.object({
  name: z.string(),
  pid: z.number().int().positive(),
  /** In units of the operating system. Only compared, never shown. */
  startedAt: z.string().min(1),
});

export type ProcessIdentity = z.output<typeof ProcessIdentity>;

const onLinux = (pid: number): string | undefined => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name is in parentheses and may contain any character. After it, the first field is the state and the 20th the start time.
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
    return undefined; // no such process
  }
};

/** Undefined if the process no longer exists. */
export const identify = (name: string, pid: number): ProcessIdentity | undefined => {
  const startedAt = startTime(pid);
  return startedAt === undefined ? undefined : { name, pid, startedAt };
};

export const isAlive = (identity: ProcessIdentity): boolean => startTime(identity.pid) === identity.startedAt;

const lookAgainMs = 25;

/** Ends a process that is not a child of this one: SIGTERM, then SIGKILL after `withinMs`. */
export const endOtherProcess = async (identity: ProcessIdentity, withinMs: number): Promise<void> => {
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (isAlive(identity)) process.kill(identity.pid, name);
    } catch {
      // it ended between the check and the signal
    }
  };
  signal('SIGTERM');
  const deadline = performance.now() + withinMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) signal('SIGKILL');
    await wait(lookAgainMs);
  }
};
