import type { Readable } from 'node:stream';
import { withinDeadline } from '@webxterm/contracts/deadline';
import type { ServerChannel } from 'ssh2';
import type { OutputPipes } from '../commands/output-pipes.ts';
import { OwnedChild, type OwnedChildOptions } from '../commands/owned-child.ts';
import { spawnWith } from '../commands/running-command.ts';
import type { ExitResult } from '../shell/controlled-start.ts';
import { ChannelWriter, type Ready } from './channel-writer.ts';
import type { SshProgram } from './ssh-program.ts';

/** SIGKILL follows SIGTERM after this time. */
const killAfterMs = 500;
/** A helper whose client has gone reports the files that are open within this time, and ends. One that waits in a system call is killed. */
const reportedWithinMs = 500;

type Start = Pick<OwnedChildOptions, 'launch' | 'marker' | 'guard'> & {
  readonly channel: ServerChannel;
  readonly ready: Ready;
  readonly pipes: OutputPipes | undefined;
  /** Takes stderr in place of the client. */
  readonly onStderr?: (stderr: Readable) => Promise<void>;
};

/** A program without a terminal. Its input and both outputs are pipes. */
export class PipedProgram implements SshProgram {
  readonly #owned: OwnedChild;
  readonly #streams: readonly Readable[];
  /** Those of a helper have its reports. */
  readonly #reports: Readable | undefined;
  readonly #closeInput: () => void;
  readonly ended: Promise<ExitResult | undefined>;

  constructor({ channel, ready, pipes, onStderr, ...start }: Start) {
    const child = spawnWith(start.launch, pipes, 'pipe');
    const writer = new ChannelWriter(channel, ready);
    const { stdin } = child;
    const [stdout, stderr] = pipes?.read ?? [child.stdout, child.stderr];
    this.#streams = [stdout, stderr].filter((stream) => stream !== null);
    this.#reports = onStderr === undefined ? undefined : (stderr ?? undefined);
    for (const stream of [stdin, ...this.#streams]) stream?.on('error', () => undefined);
    this.#owned = new OwnedChild(child, {
      ...start,
      onNotice: (text) => void writer.write(Buffer.from(text), channel.stderr),
    });
    if (stdin !== null) {
      channel.pipe(stdin);
      // It reads no more: what the client still sends is discarded, so that the window of the client goes on.
      stdin.once('close', () => channel.unpipe(stdin).resume());
    }
    this.#closeInput = () => stdin?.destroy();
    const outputs = [
      stdout === null ? undefined : writer.copy(stdout),
      stderr === null ? undefined : (onStderr?.(stderr) ?? writer.copy(stderr, channel.stderr)),
    ];
    this.ended = this.#end(outputs, (text) => writer.write(Buffer.from(text), channel.stderr));
  }

  signal(signal: NodeJS.Signals): void {
    this.#owned.signal(signal);
  }

  hangUp(): void {
    if (this.#reports === undefined) this.#owned.signal('SIGHUP');
    else void this.kill();
    this.#closeInput();
    for (const stream of this.#streams) if (stream !== this.#reports) stream.destroy();
  }

  async kill(): Promise<void> {
    this.#closeInput();
    if (this.#reports !== undefined) await this.#lastReports();
    await this.#owned.end(killAfterMs);
    for (const stream of this.#streams) stream.destroy();
  }

  isLeft(): boolean {
    return this.#owned.isLeft;
  }

  leave(): void {
    this.#owned.leave();
  }

  /** The helper ends by itself when nobody reads its answers. */
  async #lastReports(): Promise<void> {
    for (const stream of this.#streams) if (stream !== this.#reports) stream.destroy();
    const late = (): Error => new Error('the helper does not end');
    await withinDeadline(reportedWithinMs, this.ended, late).catch(() => undefined);
  }

  /** As sshd, it has ended when its main process has, and nothing has its outputs open any more. */
  async #end(
    outputs: readonly (Promise<void> | undefined)[],
    tell: (text: string) => Promise<void>,
  ): Promise<ExitResult | undefined> {
    const exit = await this.#owned.exited;
    const { refusal } = this.#owned;
    if (refusal === undefined) {
      await Promise.all(outputs);
      return exit;
    }
    await tell(`WebXTerm: The machine could not start it: ${refusal || 'the reason is not known'}\n`);
    return undefined;
  }
}
