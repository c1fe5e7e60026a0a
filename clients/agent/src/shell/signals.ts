import { childOf } from './controlled-start.ts';

/** @returns false when there is no such process (group) any more */
const signalProcess = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
};

/** Signals the group that a process leads, and the process itself if it has left that group. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  if (!signalProcess(-pid, signal)) signalProcess(pid, signal);
};

/** Signals the shell, which leads a group of its own; su itself only where it has no shell (yet). */
export const signalShell = (su: number, signal: NodeJS.Signals): void => {
  const shell = childOf(su);
  if (shell === undefined) signalProcess(su, signal);
  else signalGroup(shell, signal);
};
