import { readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { ForegroundState } from '@webxterm/contracts/frames';
import type { Foreground } from '../session/session-kind.ts';
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

const shells: ReadonlySet<string> = new Set([
  'ash',
  'bash',
  'csh',
  'dash',
  'elvish',
  'fish',
  'ksh',
  'mksh',
  'nu',
  'pwsh',
  'rbash',
  'sh',
  'tcsh',
  'xonsh',
  'zsh',
]);
/** Programs in which another shell may run. */
const carriers: ReadonlySet<string> = new Set([
  'docker',
  'doas',
  'kubectl',
  'machinectl',
  'mosh-client',
  'nsenter',
  'podman',
  'runuser',
  'ssh',
  'su',
  'sudo',
]);

/** The command line of a process. A shell without operands runs no script, so it waits for lines. */
export const stateOf = ([program = '', ...args]: readonly string[]): ForegroundState => {
  const name = path.basename(program).replace(/^-/, '');
  if (shells.has(name) && args.every((arg) => arg.startsWith('-'))) return 'shell';
  return carriers.has(name) ? 'carrier' : 'program';
};

/** The name is without the arguments, which may contain secrets. */
const programOf = (pid: number): { state: ForegroundState; command: string } => {
  const line = readText(`/proc/${pid}/cmdline`).split('\0').slice(0, -1);
  return { state: stateOf(line), command: path.basename(line[0] ?? '') || readText(`/proc/${pid}/comm`).trim() };
};

/**
 * The program or shell that has the foreground of the terminal of `child`, or of its descendants if `child` is su. The name is empty for the
 * shell itself, also while it runs a program without job control. Undefined without /proc (macOS), or if the process has ended.
 */
export const foregroundOf = (child: number): Foreground | undefined => {
  let pid: number | undefined = child;
  for (let generation = 0; generation < maxGenerations && pid !== undefined; generation += 1) {
    const terminal = terminalOf(readText(`/proc/${pid}/stat`));
    if (terminal === undefined) {
      pid = childOf(pid);
      continue;
    }
    const { session, foreground } = terminal;
    const directory = directoryOf(foreground) || directoryOf(session);
    return foreground === session
      ? { state: 'shell', command: '', directory }
      : { ...programOf(foreground), directory };
  }
  return undefined;
};
