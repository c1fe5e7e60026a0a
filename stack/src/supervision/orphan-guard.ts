import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('end-orphans.sh', import.meta.url));

/** As long as a stack that is stopped gives its services. */
const endWithinMs = 10_000;
const lookEveryMs = 100;

/**
 * Ends processes when this one is gone, also after a kill -9: a shell waits at the other end of a pipe for that. There is one while there
 * is something to guard. It knows process ids only; none has passed to another process, since each is taken back as soon as it has ended.
 */
export class OrphanGuard {
  readonly #endWithinMs: number;
  #shell: ChildProcess | undefined;

  constructor(withinMs = endWithinMs) {
    this.#endWithinMs = withinMs;
  }

  /** These are to end, and no others any more. */
  set(pids: readonly number[]): void {
    if (pids.length === 0 && this.#shell === undefined) return;
    this.#shell ??= this.#start();
    this.#shell.stdin?.write(`${pids.join(' ')}\n`);
    if (pids.length > 0) return;
    this.#shell.stdin?.end();
    this.#shell = undefined;
  }

  /** In a session of its own: Ctrl-C and a terminal that is closed are for us. */
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
    shell.stdin.on('error', gone); // ended by someone: the next change starts another
    return shell;
  }
}

/** For a process outside a stack: it ends with this one, however this one ends. */
export const endWithUs = (child: ChildProcess): void => {
  if (child.pid === undefined) return; // not started; its error tells
  const guard = new OrphanGuard();
  guard.set([child.pid]);
  child.once('exit', () => guard.set([]));
};
