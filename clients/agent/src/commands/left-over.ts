import type { Logger } from 'pino';
import { markedProcesses } from '../shell/processes.ts';
import { CommandCgroup } from './cgroup.ts';
import { Ownership } from './ownership.ts';

/**
 * Ends processes left running by commands of the previous agent, which was killed together with its guard. Must be called before this agent
 * runs a command, because the tag is the same. Resolves when none is left.
 */
export const endLeftOver = async (agentTag: string, log: Logger): Promise<void> => {
  const left = new Map<string, Ownership>();
  for (const { pid, marker } of markedProcesses(`${agentTag}-`)) {
    if (left.has(marker)) continue;
    const cgroup = CommandCgroup.madeFor(pid, marker);
    left.set(marker, Ownership.of({ kind: 'command', main: pid, startedAt: 0, marker, ...(cgroup && { cgroup }) }));
  }
  if (left.size === 0) return;
  log.warn({ commands: left.size }, 'ending commands left running by a killed agent');
  await Promise.all([...left.values()].map((one) => one.end()));
};
