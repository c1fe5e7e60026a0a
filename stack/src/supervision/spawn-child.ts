import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { StackFailure } from '../failure.ts';
import type { Exit, Running } from './supervised.ts';

export interface SpawnChildOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly onSpawn: (pid: number) => void;
  readonly onLine: (line: string) => void;
  /** Time limit to end after SIGTERM, then SIGKILL follows. */
  readonly endWithinMs: number;
}

const readLines = (stream: Readable, onLine: (line: string) => void): void => {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
};

/** Ends a process: SIGTERM, then SIGKILL after `withinMs`. `gone` must resolve when the process has ended. */
export const endProcess = async (pid: number, gone: Promise<unknown>, withinMs: number): Promise<void> => {
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {
      // already ended
    }
  };
  signal('SIGTERM');
  const timer = setTimeout(() => signal('SIGKILL'), withinMs);
  await gone;
  clearTimeout(timer);
};

/** Starts a program in its own session. The terminal's Ctrl-C then reaches only this process, which stops everything in order. */
export const spawnChild = (options: SpawnChildOptions): Promise<Running> =>
  new Promise((resolve, reject) => {
    const child = spawn(options.program, options.args, {
      cwd: options.folder,
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const exited = new Promise<Exit>((resolveExit) => {
      child.once('exit', (code, signal) => resolveExit({ code, signal }));
    });
    child.once('error', (error) => reject(new StackFailure(`${options.program} cannot be started: ${error.message}`)));
    child.once('spawn', () => {
      const { pid } = child;
      if (pid === undefined) return reject(new StackFailure(`${options.program} cannot be started`));
      options.onSpawn(pid);
      resolve({ pid, exited, end: () => endProcess(pid, exited, options.endWithinMs) });
    });
    readLines(child.stdout, options.onLine);
    readLines(child.stderr, options.onLine);
  });
