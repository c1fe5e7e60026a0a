import { readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { childOf } from './controlled-start.ts';

/** Processes between the agent's child and the shell: su, and what PAM starts. */
const maxGenerations = 4;

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** The session and the foreground process group of the terminal of a process, from stat of proc(5). Undefined: no terminal. */
const terminalOf = (stat: string): { session: number; foreground: number } | undefined => {
  const [, , , session, , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const found = { session: Number(session), foreground: Number(foreground) };
  return found.foreground > 0 ? found : undefined;
};

const directoryOf = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
};

/** The name of a program, without its arguments, which may contain secrets. */
const nameOf = (pid: number): string => {
  const [program = ''] = readText(`/proc/${pid}/cmdline`).split('\0');
  return path.basename(program) || readText(`/proc/${pid}/comm`).trim();
};

/**
 * The program in the foreground of the terminal of `child`, or of its descendants if `child` is su. The name is empty if it is the shell
 * itself. Undefined without /proc (macOS), or if the process has ended.
 */
export const foregroundOf = (child: number): { command: string; directory: string } | undefined => {
  let pid: number | undefined = child;
  for (let generation = 0; generation < maxGenerations && pid !== undefined; generation += 1) {
    const terminal = terminalOf(readText(`/proc/${pid}/stat`));
    if (terminal === undefined) {
      pid = childOf(pid);
      continue;
    }
    const { session, foreground } = terminal;
    const directory = directoryOf(foreground) || directoryOf(session);
    return { command: foreground === session ? '' : nameOf(foreground), directory };
  }
  return undefined;
};
