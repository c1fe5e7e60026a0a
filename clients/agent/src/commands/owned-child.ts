import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { withinDeadline } from '@webxterm/contracts/deadline';
import type { Guard } from '../guard/guard.ts';
import { ControlledStart, childOf, type ExitResult, exitOf } from '../shell/controlled-start.ts';
import type { Launch } from '../shell/run-as.ts';
import { signalGroup } from '../shell/signals.ts';
import { Ownership } from './ownership.ts';

/** Time for su to close its PAM session after its child has ended. */
const holderMs = 1000;
/** Interval of the check whether processes left behind are gone. */
const lookEveryMs = 1000;

export type OwnedChildOptions = {
  launch: Launch;
  /** Marks all processes of the program. */
  marker: string;
  guard: Guard;
  /** Variables that the program gets beside those of its user. They are on no command line, which others can read. */
  environment?: Readonly<Record<string, string>>;
  /** su or PAM has a message for the user, before the program starts. */
  onNotice(text: string): void;
};

/** A program that was started as the user, with all processes that it starts. They end with this process. */
export class OwnedChild {
  readonly #child: ChildProcess;
  readonly #guard: Guard;
  readonly #start: ControlledStart | undefined;
  readonly #exited = Promise.withResolvers<ExitResult>();
  #ownership: Ownership | undefined;
  #hasExited = false;
  /** A signal that came before the program had started. */
  #early: NodeJS.Signals | undefined;
  #takeFromGuard = (): void => undefined;
  #refusal = '';

  /** How the main process ended. Never rejects. */
  readonly exited: Promise<ExitResult>;

  constructor(child: ChildProcess, options: OwnedChildOptions) {
    const { guard } = options;
    this.#child = child;
    this.#guard = guard;
    this.exited = this.#exited.promise;
    this.#start = this.#control(options);
    void this.exited.then(() => {
      this.#hasExited = true;
    });
    child.on('error', (error) => {
      this.#refusal = error.message;
      this.#exited.resolve({ exitCode: undefined, signal: undefined });
    });
    child.on('exit', (code, signal) => this.#exited.resolve(exitOf(code, signal, this.#start?.said ?? '')));
  }

  /** Why the program did not start, once it has exited. Undefined: it did start. Empty: the reason is not known. */
  get refusal(): string | undefined {
    return this.#start?.arrived === false || this.#child.pid === undefined ? this.#refusal.trim() : undefined;
  }

  /**
   * Signals the process group of the program, as soon as it has started. No effect after its end: the kernel may have given its pid to a process of
   * somebody else.
   */
  signal(signal: NodeJS.Signals): void {
    if (this.#hasExited) return;
    if (this.#ownership === undefined) this.#early = signal;
    else signalGroup(this.#ownership.main, signal);
  }

  /** Whether a process of the program lives. */
  get isLeft(): boolean {
    return (this.#ownership?.pids().length ?? 0) > 0;
  }

  /** The main process has ended. Its processes in the background go on, also without this process. */
  leave(): void {
    this.#start?.close();
    this.#takeFromGuard();
    this.#ownership?.release();
  }

  /** Ends all processes of the program, then su. `killAfterMs`: SIGKILL follows SIGTERM after it. Resolves when none is left. */
  async end(killAfterMs?: number): Promise<void> {
    // One that is about to start must not start any more: it waits for this channel.
    if (this.#start?.arrived === false) this.#start.close();
    await this.#ownership?.end(killAfterMs);
    // su now ends by itself, but a PAM module may hang.
    const late = (): Error => new Error('su does not end');
    if (this.#start?.arrived === true) await withinDeadline(holderMs, this.exited, late).catch(() => undefined);
    this.#child.kill('SIGKILL');
  }

  /** Waits until no process of the program is left, and releases what it used. The main process has ended. */
  async release(): Promise<void> {
    while ((this.#ownership?.pids().length ?? 0) > 0) {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs).unref());
    }
    this.#start?.close();
    this.#takeFromGuard();
    this.#ownership?.release();
  }

  /** Without bash there is no control channel: the process is the program from its start. */
  #control({ launch, marker, environment, onNotice }: OwnedChildOptions): ControlledStart | undefined {
    const { controlled, login } = launch;
    const { pid } = this.#child;
    if (pid === undefined) return undefined;
    const own = (main: number, holder: number | undefined): void => {
      this.#ownership = new Ownership({ main, holder, marker });
      this.#ownership.enclose(main, marker);
      this.#takeFromGuard = this.#guard.hold(this.#ownership.held);
    };
    const channel = this.#child.stdio[3];
    if (controlled !== true || !(channel instanceof Duplex)) {
      own(pid, undefined);
      return undefined;
    }
    const start = new ControlledStart(channel, {
      onNotice: (text) => {
        this.#refusal += text;
        onNotice(text);
      },
      onArrived: () => {
        own(login === undefined ? pid : (childOf(pid) ?? pid), login === undefined ? undefined : pid);
        if (this.#early !== undefined) this.signal(this.#early);
        start.letGo(environment);
      },
    });
    return start;
  }
}
