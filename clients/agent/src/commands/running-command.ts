import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Command, CommandOutput } from '@webxterm/contracts/grpc';
import type { Guard } from '../guard/guard.ts';
import type { Launch } from '../shell/run-as.ts';
import { Collector } from './collector.ts';
import type { OutputPipes } from './output-pipes.ts';
import { OwnedChild } from './owned-child.ts';

/** Defaults and maximums of the limits in a command of the hub. */
const defaultTimeoutMs = 30_000;
const maxTimeoutMs = 3_600_000;
const maxOutput = 512 * 1024;
/** A process left behind by the command may keep the pipes open. The answer waits at most this long for their end. */
const outputAfterExitMs = 1000;

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
  cancelled: false,
});

type Start = {
  launch: Launch;
  pipes: OutputPipes | undefined;
  marker: string;
  guard: Guard;
  /** Of the command, beside that of its user. */
  environment: Readonly<Record<string, string>>;
};

/** One command line, from its start until its last process is gone. */
export class RunningCommand {
  readonly #command: Command;
  readonly #child: OwnedChild;
  readonly #stdout: Collector;
  readonly #stderr: Collector;
  readonly #streams: readonly Readable[];
  readonly #timer: NodeJS.Timeout;
  #timedOut = false;
  #cancelled = false;
  #exited = false;

  /** The result. It resolves when the main process has ended or the time is over. Never rejects. */
  readonly answer: Promise<CommandOutput>;
  /** Resolves when no process of the command is left. */
  readonly gone: Promise<void>;

  constructor(command: Command, { launch, pipes, marker, guard, environment }: Start) {
    this.#command = command;
    const limit = Math.floor(Math.min(command.maxOutputBytes || maxOutput, maxOutput) / 2);
    this.#stdout = new Collector(limit);
    this.#stderr = new Collector(limit);
    const child = spawnWith(launch, pipes);
    this.#streams = this.#collect(pipes?.read ?? [child.stdout, child.stderr]);
    const onNotice = (text: string): void => this.#stderr.take(Buffer.from(text));
    this.#child = new OwnedChild(child, { launch, marker, guard, environment, onNotice });
    this.#timer = setTimeout(
      () => {
        this.#timedOut = true;
        void this.end();
      },
      Math.min(command.timeoutMs || defaultTimeoutMs, maxTimeoutMs),
    );
    this.answer = this.#answered();
    this.gone = this.#alone();
  }

  /** Ends it before its time. Resolves when no process is left. */
  async cancel(): Promise<void> {
    if (!this.#exited && !this.#timedOut) this.#cancelled = true;
    await this.end();
  }

  /** Ends all processes of the command. Resolves when none is left. */
  async end(): Promise<void> {
    await this.#child.end();
    for (const stream of this.#streams) stream.destroy();
  }

  #collect(streams: readonly (Readable | null)[]): readonly Readable[] {
    const collectors = [this.#stdout, this.#stderr];
    return streams.flatMap((stream, index) => {
      if (stream === null) return [];
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer) => collectors[index]?.take(chunk));
      return [stream];
    });
  }

  async #answered(): Promise<CommandOutput> {
    const exit = await this.#child.exited;
    this.#exited = true;
    if (this.#child.refusal !== undefined) return this.#refused(this.#child.refusal);
    await this.#drained();
    return {
      ...emptyOutput(this.#command.commandId),
      stdout: this.#stdout.bytes,
      stderr: this.#stderr.bytes,
      exitCode: exit.exitCode ?? -1,
      signal: exit.signal ?? '',
      timedOut: this.#timedOut,
      truncated: this.#stdout.truncated || this.#stderr.truncated,
      cancelled: this.#cancelled,
    };
  }

  #refused(refusal: string): CommandOutput {
    const error = refusal || 'The command could not be started.';
    const { commandId } = this.#command;
    const [timedOut, cancelled] = [this.#timedOut, this.#cancelled];
    return { ...emptyOutput(commandId), error, errorCode: 'command_not_run', timedOut, cancelled };
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
    await this.#child.release();
    clearTimeout(this.#timer);
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

/** Starts a program with the pipes, whose write ends it closes. @throws Error for arguments that no program can have */
export const spawnWith = (
  { file, args, env, cwd }: Launch,
  pipes: OutputPipes | undefined,
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess => {
  const [out, err] = pipes?.write ?? (['pipe', 'pipe'] as const);
  try {
    return spawn(file, args, { env, cwd, detached: true, stdio: [stdin, out, err, 'pipe'] });
  } catch (error) {
    for (const stream of pipes?.read ?? []) stream.destroy();
    throw error;
  } finally {
    for (const fd of pipes?.write ?? []) closeSync(fd);
  }
};
