import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type ExitResult, exitOf, signalName } from './controlled-start.ts';
import { parseStat } from './processes.ts';
import { signalGroup, signalShell } from './signals.ts';
import { record } from './utmp.ts';

const Pid = v.pipe(v.number(), v.integer(), v.minValue(1));

/** A shell and its terminal, for the agent process that continues them. The descriptor is open in that process, too. */
export const HandedShell = v.object({
  pid: Pid,
  fd: v.pipe(v.number(), v.integer(), v.minValue(3)),
  /** Start time in clock ticks. Together with the pid it identifies the process. */
  startedAt: v.number(),
  /** Set if su holds the session: the entry of utmp. */
  login: v.optional(v.object({ line: v.string(), pid: Pid, user: v.string() })),
});
export type HandedShell = v.InferOutput<typeof HandedShell>;

/** A shell and the master side of its terminal. */
export type TerminalChild = {
  /** The agent's child: the shell, or the su that holds its session. */
  pid: number;
  fd: number;
  kill(signal: NodeJS.Signals): void;
  /** Undefined: the shell is still being started. */
  handOver(): HandedShell | undefined;
};

/** How often an adopted child is looked at. Node reports only the exits of children that this process has started. */
const lookEveryMs = 100;
/** exit_code of stat in proc(5), counted from the state. */
const exitCodeField = 49;

/** How the child has ended. Undefined: it runs. */
export const exitOfAdopted = (stat: string | undefined, { startedAt, login }: HandedShell): ExitResult | undefined => {
  const found = parseStat(stat ?? '');
  if (found === undefined || found.startedAt !== startedAt) return { exitCode: undefined, signal: undefined };
  if (!found.zombie) return undefined;
  const status = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[exitCodeField]);
  const signal = status & 0x7f;
  if (signal !== 0) return { exitCode: undefined, signal: signalName(signal) };
  const code = (status >> 8) & 0xff;
  // The channel on which su names a signal does not cross, so a shell that a signal ended has the exit code 128 + n.
  return login === undefined ? { exitCode: code, signal: undefined } : exitOf(code, null, '');
};

const readStat = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
};

/**
 * Continues a shell that an earlier agent process started. It is a child of this process, because the process stayed the same. Nothing can
 * reap it, so it stays a zombie until the agent ends.
 */
export const adoptChild = (handed: HandedShell, onExit: (result: ExitResult) => void): TerminalChild => {
  const { pid, fd, login } = handed;
  const looks = setInterval(() => {
    const exit = exitOfAdopted(readStat(pid), handed);
    if (exit === undefined) return;
    clearInterval(looks);
    if (login !== undefined) record({ ...login, kind: 'logout', nowMs: Date.now() });
    onExit(exit);
  }, lookEveryMs);
  return {
    pid,
    fd,
    kill: (signal) => (login === undefined ? signalGroup(pid, signal) : signalShell(pid, signal)),
    handOver: () => handed,
  };
};
