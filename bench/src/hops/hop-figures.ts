import { readFileSync } from 'node:fs';

/** A clock tick of /proc: 100 a second on every Linux that Node runs on. */
const msPerTick = 10;

/** The resources that a process has used, or uses for a stretch of output. */
export interface HopFigures {
  /** ms of processor time, in the event loop's thread and in all others: those collect garbage, compile and draw. */
  readonly loop: number;
  readonly others: number;
  /** Of all of that, ms in the kernel. */
  readonly kernel: number;
  /** How often the event loop went to sleep, and with that was woken up. */
  readonly sleeps: number;
}

const times = (path: string): { user: number; kernel: number } => {
  const stat = readFileSync(`${path}/stat`, 'utf8');
  // The name, in brackets, may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]) * msPerTick, kernel: Number(fields[12]) * msPerTick };
};

/** Since the process began. @throws Error when there is no such process, or no /proc */
export const hopFigures = (pid: number): HopFigures => {
  const all = times(`/proc/${pid}`);
  const first = times(`/proc/${pid}/task/${pid}`);
  const loop = first.user + first.kernel;
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8');
  const sleeps = Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
  return { loop, others: all.user + all.kernel - loop, kernel: all.kernel, sleeps };
};

/** The difference of two readings, times `factor`. */
export const usedBetween = (before: HopFigures, after: HopFigures, factor: number): HopFigures => ({
  loop: (after.loop - before.loop) * factor,
  others: (after.others - before.others) * factor,
  kernel: (after.kernel - before.kernel) * factor,
  sleeps: (after.sleeps - before.sleeps) * factor,
});
