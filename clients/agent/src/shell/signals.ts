import { childOf } from './controlled-start.ts';

/** @returns false if the process (group) does not exist any more */
const signalProcess = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
};

/** Signals the group led by a process, and the process itself if it has left that group. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  if (!signalProcess(-pid, signal)) signalProcess(pid, signal);
};

/** Signals the shell, which leads its own group. Signals su itself only if it has no shell (yet). */
export const signalShell = (su: number, signal: NodeJS.Signals): void => {
  const shell = childOf(su);
  if (shell === undefined) signalProcess(su, signal);
  else signalGroup(shell, signal);
};
