import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Duplex, type Readable } from 'node:stream';
import type { Command, CommandOutput } from '@webxterm/contracts/grpc';
import type { Guard } from '../guard/guard.ts';
import { ControlledStart, childOf, type ExitResult, exitOf } from '../shell/controlled-start.ts';
import type { Launch } from '../shell/run-as.ts';
import { Collector } from './collector.ts';
import type { OutputPipes } from './output-pipes.ts';
import { Ownership } from './ownership.ts';

/** Defaults and maximums of the limits in a command of the hub. */
const defaultTimeoutMs = 30_000;
const maxTimeoutMs = 600_000;
const maxOutput = 512 * 1024;
/** A process left behind by the command may keep the pipes open. The answer waits at most this long for their end. */
const outputAfterExitMs = 1000;
/** Time for su to close its PAM session after its child has ended. */
const holderMs = 1000;
/** Interval of the check whether processes left behind are gone. */
const lookEveryMs = 1000;

export const emptyOutput = (commandId: string): CommandOutput => ({
  commandId,
  stdout: Buffer.alloc(0),
  stderr: Buffer.alloc(0),
  exitCode: -1,
  signal: '',
  timedOut: false,
  truncated: false,
  error: '',
  errorCode: '',
});

type Start = { launch: Launch; pipes: OutputPipes | undefined; marker: string; guard: Guard };

/** One command line, from its start until its last process is gone. */
export class RunningCommand {
  readonly #command: Command;
  readonly #guard: Guard;
  readonly #child: ChildProcess;
  readonly #stdout: Collector;
  readonly #stderr: Collector;
  readonly #streams: readonly Readable[];
  readonly #start: ControlledStart | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #exited = Promise.withResolvers<ExitResult>();
  #ownership: Ownership | undefined;
  #takeFromGuard = (): void => undefined;
  #timedOut = false;
  #refusal = '';

  /** The result. It resolves when the main process has ended or the time is over. Never rejects. */
  readonly answer: Promise<CommandOutput>;
  /** Resolves when no process of the command is left. */
  readonly gone: Promise<void>;

  constructor(command: Command, { launch, pipes, marker, guard }: Start) {
    this.#command = command;
    this.#guard = guard;
    const limit = Math.floor(Math.min(command.maxOutputBytes || maxOutput, maxOutput) / 2);
    this.#stdout = new Collector(limit);
    this.#stderr = new Collector(limit);
    this.#child = spawnWith(launch, pipes);
    this.#streams = this.#collect(pipes);
    this.#start = this.#control(launch, marker);
    this.#timer = setTimeout(
      () => {
        this.#timedOut = true;
        void this.end();
      },
      Math.min(command.timeoutMs || defaultTimeoutMs, maxTimeoutMs),
    );
    this.#child.on('error', (error) => {
      this.#refusal = error.message;
      this.#exited.resolve({ exitCode: undefined, signal: undefined });
    });
    this.#child.on('exit', (code, signal) => this.#exited.resolve(exitOf(code, signal, this.#start?.said ?? '')));
    this.answer = this.#answered();
    this.gone = this.#alone();
  }

  /** Ends all processes of the command, then su. Resolves when none is left. */
  async end(): Promise<void> {
    await this.#ownership?.end();
    // su now ends by itself, but a PAM module may hang.
    await within(holderMs, this.#start?.arrived === true ? this.#exited.promise : undefined);
    this.#child.kill('SIGKILL');
    for (const stream of this.#streams) stream.destroy();
  }

  #collect(pipes: OutputPipes | undefined): readonly Readable[] {
    const streams = pipes?.read ?? [this.#child.stdout, this.#child.stderr];
    const collectors = [this.#stdout, this.#stderr];
    return streams.flatMap((stream, index) => {
      if (stream === null) return [];
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer) => collectors[index]?.take(chunk));
      return [stream];
    });
  }

  /** Without bash there is no control channel: the process is the command from its start. */
  #control({ controlled, login }: Launch, marker: string): ControlledStart | undefined {
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
      onNotice: (text) => this.#noticed(text),
      onArrived: () => {
        own(login === undefined ? pid : (childOf(pid) ?? pid), login === undefined ? undefined : pid);
        start.letGo();
      },
    });
    return start;
  }

  #noticed(text: string): void {
    this.#refusal += text;
    this.#stderr.take(Buffer.from(text));
  }

  async #answered(): Promise<CommandOutput> {
    const exit = await this.#exited.promise;
    if (this.#start?.arrived === false || this.#child.pid === undefined) return this.#refused();
    await this.#drained();
    return {
      ...emptyOutput(this.#command.commandId),
      stdout: this.#stdout.bytes,
      stderr: this.#stderr.bytes,
      exitCode: exit.exitCode ?? -1,
      signal: exit.signal ?? '',
      timedOut: this.#timedOut,
      truncated: this.#stdout.truncated || this.#stderr.truncated,
    };
  }

  #refused(): CommandOutput {
    const error = this.#refusal.trim() || 'The command could not be started.';
    const { commandId } = this.#command;
    return { ...emptyOutput(commandId), error, errorCode: 'command_not_run', timedOut: this.#timedOut };
  }

  /** Waits for the end of the output. Later output of processes left behind is discarded. */
  async #drained(): Promise<void> {
    const ended = this.#streams.map((stream) =>
      stream.closed ? undefined : new Promise<void>((resolve) => stream.once('close', resolve)),
    );
    await within(outputAfterExitMs, Promise.all(ended));
    for (const stream of this.#streams) stream.destroy();
  }

  async #alone(): Promise<void> {
    await this.answer;
    while ((this.#ownership?.pids().length ?? 0) > 0) {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs).unref());
    }
    clearTimeout(this.#timer);
    this.#start?.close();
    this.#takeFromGuard();
    this.#ownership?.release();
  }
}

/** Waits for the event, but at most `ms`. */
const within = async (ms: number, event: Promise<unknown> | undefined): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([event, late]);
  clearTimeout(timer);
};

const spawnWith = ({ file, args, env, cwd }: Launch, pipes: OutputPipes | undefined): ChildProcess => {
  const [out, err] = pipes?.write ?? (['pipe', 'pipe'] as const);
  try {
    return spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', out, err, 'pipe'] });
  } finally {
    for (const fd of pipes?.write ?? []) closeSync(fd);
  }
};
