import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { withoutDescriptors } from '../shell/close-descriptors.ts';
import { type Held, heldLine } from './held.ts';

/**
 * Keeps the lines of what runs, without those that are taken back (`- NUMBER`), until the agent's end of the pipe is closed.
 * Then it becomes the program of its arguments, if a line is left. A sh waits in 1 MB; Node would take 40.
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
/** A guard that ends sooner than this is not started again: it cannot run on this machine. */
const livesForMs = 1000;

/**
 * Ends what runs for people on this machine when the agent is killed, and shells that outlive an agent that stopped. A process of its own, since nothing of a killed process
 * runs: it sees the end of the agent by a pipe that the kernel closes.
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

  /** From now on this ends when the agent is killed. @returns what takes it back */
  hold(held: Held): () => void {
    this.#number += 1;
    const number = this.#number;
    this.#held.set(number, held);
    this.#tell(heldLine(number, held));
    return () => {
      if (this.#held.delete(number)) this.#tell(`- ${number}\n`);
    };
  }

  /** The agent ends in order and has ended its commands. A shell that ignored the hang-up is left to the guard. */
  close(): void {
    this.#closed = true;
    for (const [number, { kind }] of this.#held) if (kind === 'command') this.#child?.stdin?.write(`- ${number}\n`);
    this.#held.clear();
    this.#child?.stdin?.end();
  }

  #tell(line: string): void {
    if (this.#child === undefined) this.#start();
    else this.#child.stdin?.write(line);
  }

  #start(): void {
    if (this.#unable || this.#closed || this.#held.size === 0) return;
    const ending = [process.execPath, '--no-warnings', '--disable-sigusr1', endHeld];
    const { file, args } = withoutDescriptors({ file: '/bin/sh', args: ['-c', waitForTheEnd, 'sh', ...ending] });
    const since = performance.now();
    // A session of its own: what a terminal sends to the agent is not for its guard. It says what it does where the agent did.
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
