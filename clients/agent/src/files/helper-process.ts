import type { ChildProcess } from 'node:child_process';
import { fileJson } from '@webxterm/contracts/file-messages';
import type { Logger } from 'pino';
import { Collector } from '../commands/collector.ts';
import { OwnedChild, type OwnedChildOptions } from '../commands/owned-child.ts';
import type { ProcessEvents, SessionProcess } from '../session/session-kind.ts';

/** Bytes of stderr that are logged. */
const maxStderr = 2048;
/** Input that is handed to the helper at once. */
const maxWrite = 64 * 1024;

type HelperProcessOptions = Omit<OwnedChildOptions, 'onNotice'> & { log: Logger; events: ProcessEvents };

/** The process of a session about files: its input and output are messages of file-messages.ts. */
export class HelperProcess implements SessionProcess {
  readonly #child: ChildProcess;
  readonly #owned: OwnedChild;
  readonly #stderr = new Collector(maxStderr);

  constructor(child: ChildProcess, { log, events, ...start }: HelperProcessOptions) {
    this.#child = child;
    this.#owned = new OwnedChild(child, { ...start, onNotice: () => undefined });
    const { stdin, stdout, stderr } = child;
    for (const stream of [stdin, stdout, stderr]) stream?.on('error', () => undefined);
    stdout?.on('data', (bytes: Buffer) => events.onOutput(bytes));
    stderr?.on('data', (bytes: Buffer) => this.#stderr.take(bytes));
    void this.#watch(log, events);
  }

  write(bytes: Uint8Array): number {
    const { stdin } = this.#child;
    if (stdin === null || !stdin.writable) return -1;
    if (stdin.writableNeedDrain) return 0;
    const part = bytes.slice(0, maxWrite);
    stdin.write(part);
    return part.length;
  }

  pause(): void {
    this.#child.stdout?.pause();
  }

  resume(): void {
    this.#child.stdout?.resume();
  }

  /** The helper removes an unfinished file, and ends. */
  hangUp(): void {
    this.#child.stdin?.destroy();
    this.#child.stdout?.resume();
  }

  kill(): void {
    void this.#owned.end();
  }

  async #watch(log: Logger, events: ProcessEvents): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    const result = await this.#owned.exited;
    const { refusal } = this.#owned;
    if (refusal === undefined) await closed;
    else {
      const message = `The machine could not start the helper for files: ${refusal || 'the reason is not known.'}`;
      events.onOutput(fileJson({ ok: false, code: 'files_not_started', message }));
    }
    if (result.exitCode !== 0) {
      const written = this.#stderr.bytes.toString();
      log.warn({ ...result, stderr: written, refusal }, 'a helper for files has not ended by itself');
    }
    events.onEnd(result);
    await this.#owned.release();
  }
}
