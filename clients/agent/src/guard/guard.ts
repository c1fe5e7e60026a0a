import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withinDeadline } from '@webxterm/contracts/deadline';
import type { Logger } from 'pino';
import { withoutDescriptors } from '../shell/close-descriptors.ts';
import { type Held, heldLine } from './held.ts';

/**
 * Keeps one line per running shell or command, without the removed ones (`- NUMBER`), until the agent's end of the pipe closes. If a line
 * is left then, it executes the program in its arguments. The waiting sh uses 1 MB; Node would use 40.
 */
const waitForTheEnd = `
nl='
'
held=$nl
while IFS= read -r line; do
  case $line in
    '- '*)
      entry=$nl\${line#- }' '
      case $held in *"$entry"*) rest=\${held#*"$entry"}; held=\${held%%"$entry"*}$nl\${rest#*"$nl"};; esac ;;
    *) held=$held$line$nl ;;
  esac
done
[ "$held" = "$nl" ] || exec "$@" "$held"`;

const endHeld = fileURLToPath(new URL('./end-held.ts', import.meta.url));
/** A guard that ends within this time is not restarted, because it cannot run on this machine. */
const livesForMs = 1000;
const releasedWithinMs = 5000;

/**
 * Ends the shells and commands on this machine when the agent is killed, and shells that outlive a stopped agent. The guard is a separate
 * process, because a killed process cannot clean up. It detects the end of the agent by a pipe that the kernel closes.
 */
export class Guard {
  readonly #log: Logger;
  readonly #held = new Map<number, Held>();
  #number = 0;
  #child: ChildProcess | undefined;
  #unable = false;
  #closed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Registers a shell or command to be ended if the agent is killed. @returns a function that removes it */
  hold(held: Held): () => void {
    this.#number += 1;
    const number = this.#number;
    this.#held.set(number, held);
    this.#send(heldLine(number, held));
    return () => {
      if (this.#held.delete(number)) this.#send(`- ${number}\n`);
    };
  }

  /** Hands over to the guard when the agent stops. The agent has ended its commands. The guard ends shells that ignored the hang-up. */
  close(): void {
    this.#closed = true;
    for (const [number, { kind }] of this.#held) if (kind === 'command') this.#child?.stdin?.write(`- ${number}\n`);
    this.#held.clear();
    this.#child?.stdin?.end();
  }

  /**
   * Ends the guard without ending what it holds, because another program takes over this process with its shells. Resolves when the guard
   * has exited, or cannot be waited for.
   */
  async release(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    for (const number of this.#held.keys()) child.stdin?.write(`- ${number}\n`);
    this.#held.clear();
    child.stdin?.end();
    child.ref();
    await withinDeadline(releasedWithinMs, exited, () => new Error('the guard does not exit')).catch(() => undefined);
  }

  #send(line: string): void {
    if (this.#child === undefined) this.#start();
    else this.#child.stdin?.write(line);
  }

  #start(): void {
    if (this.#unable || this.#closed || this.#held.size === 0) return;
    const ending = [process.execPath, '--no-warnings', '--disable-sigusr1', endHeld];
    const { file, args } = withoutDescriptors({ file: '/bin/sh', args: ['-c', waitForTheEnd, 'sh', ...ending] });
    const since = performance.now();
    // In its own session, because signals from a terminal to the agent are not for its guard. It logs to the agent's stderr.
    const child = spawn(file, args, { env: {}, cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
    this.#child = child;
    child.unref();
    child.stdin.on('error', () => undefined);
    if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
    child.on('error', () => this.#lost(since));
    child.on('exit', () => this.#lost(since));
    for (const [number, held] of this.#held) child.stdin.write(heldLine(number, held));
  }

  #lost(since: number): void {
    this.#child = undefined;
    if (this.#closed) return;
    this.#unable ||= performance.now() - since < livesForMs;
    this.#log.warn(
      this.#unable
        ? 'the guard cannot run: if the agent is killed, its commands may run on until its next start'
        : 'the guard has exited: starting a new one',
    );
    this.#start();
  }
}
