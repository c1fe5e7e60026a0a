import { readFileSync } from 'node:fs';

/** Clock ticks per second in /proc: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

const read = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    throw new Error(`process ${pid} cannot be looked at in /proc (this row needs Linux): ${String(error)}`, {
      cause: error,
    });
  }
};

/** Bytes of memory that a process has in use now. */
export const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(pid, 'status'))?.[1]) * 1024;

/** Seconds of processor time that a process has used, in all its threads. */
export const processorSeconds = (pid: number): number => {
  const stat = read(pid, 'stat');
  // The name, in brackets, may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};
