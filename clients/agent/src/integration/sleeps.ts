// Long-running commands that a test can find again.
import { readdirSync, readFileSync } from 'node:fs';
import { livingFamily } from '../shell/processes.ts';

/** Shell text of `sleep SECONDS` that its environment marks, so that {@link markedSleeps} finds it. */
export const markedSleep = (seconds: string): string => `MARK=${seconds} exec sleep ${seconds}`;

/** Process ids of the living ones of {@link markedSleep}. Only processes of the same Linux user are seen. */
export const markedSleeps = (seconds: string): number[] =>
  livingFamily({ sessions: new Set(), marker: `MARK=${seconds}`, since: 0 });

/** Number of processes `sleep SECONDS` of all users, found by their command line. */
export const countSleeps = (seconds: number): number =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8') === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  }).length;
