import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('end-orphans.sh', import.meta.url));

/** The same time that a stopping stack gives its services. */
const endWithinMs = 10_000;
const lookEveryMs = 100;

/**
 * Ends child processes after this process has ended, even by kill -9. A shell waits for the end of a pipe from this process. It runs only
 * while there are processes to guard. It gets pids only. They cannot belong to other processes, because each is removed as soon as its
 * process has ended.
 */
export class OrphanGuard {
  readonly #endWithinMs: number;
  #shell: ChildProcess | undefined;

  constructor(withinMs = endWithinMs) {
    this.#endWithinMs = withinMs;
  }

  /** Replaces the guarded pids. */
  set(pids: readonly number[]): void {
    if (pids.length === 0 && this.#shell === undefined) return;
    this.#shell ??= this.#start();
    this.#shell.stdin?.write(`${pids.join(' ')}\n`);
    if (pids.length > 0) return;
    this.#shell.stdin?.end();
    this.#shell = undefined;
  }

  /** In its own session, so that Ctrl-C and a closed terminal reach only this process. */
  #start(): ChildProcess {
    const shell = spawn('/bin/sh', [program, String(Math.ceil(this.#endWithinMs / lookEveryMs))], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
      detached: true,
    });
    const gone = (): void => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.once('exit', gone);
    shell.once('error', gone);
    shell.stdin.on('error', gone); // the shell was killed: the next change starts another
    return shell;
  }
}

/** Makes a child that is not part of a stack end with this process, even after a kill -9. */
export const endWithUs = (child: ChildProcess): void => {
  if (child.pid === undefined) return; // not started: it emits an error
  const guard = new OrphanGuard();
  guard.set([child.pid]);
  child.once('exit', () => guard.set([]));
};
