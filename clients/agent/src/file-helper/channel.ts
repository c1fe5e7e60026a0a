import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { type FileMessage, FileMessageReader, fileData, fileJson } from '@webxterm/contracts/file-messages';

/** The helper ends when nothing has arrived and nothing was taken for this long. */
const idleMs = 60_000;

/** The two pipes to the agent. Each side waits for the other, so that neither keeps more than a few messages. */
export class Channel {
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #reader = new FileMessageReader();
  readonly #chunks: AsyncIterator<Buffer>;
  #messages: FileMessage[] = [];
  readonly #idle: NodeJS.Timeout;

  /** `onIdle` is called when the other side does nothing any more. */
  constructor(input: Readable, output: Writable, onIdle: () => void) {
    this.#input = input;
    this.#output = output;
    this.#chunks = input[Symbol.asyncIterator]();
    this.#idle = setTimeout(onIdle, idleMs);
  }

  /** The next message. Undefined: the agent has closed the pipe. @throws FileMessageError */
  async next(): Promise<FileMessage | undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      const { value, done } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#idle.refresh();
      this.#messages = this.#reader.push(value);
    }
  }

  /** The work that follows may take longer than the agent is silent. It ends when the agent closes the pipe. */
  takeTime(): void {
    clearTimeout(this.#idle);
  }

  /** Calls `onEnd` when the agent closes the pipe. Nothing more is read. */
  expectNothing(onEnd: () => void): void {
    this.#input.once('end', onEnd).once('close', onEnd).resume();
  }

  async json(value: unknown): Promise<void> {
    await this.#send(fileJson(value));
  }

  async data(bytes: Uint8Array): Promise<void> {
    await this.#send(fileData(bytes));
  }

  async #send(message: Uint8Array): Promise<void> {
    if (!this.#output.write(message)) await once(this.#output, 'drain');
    this.#idle.refresh();
  }
}
