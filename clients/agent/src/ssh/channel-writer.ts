import type { Readable, Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';

/** Resolves when the transport takes more. ssh2 itself writes without asking. */
export type Ready = () => Promise<void>;

/**
 * Writes to a channel, one chunk after the other: ssh2 forgets the second of two writes, to stdout and to stderr, that wait for the window of the
 * client. A write waits for that window and for the transport.
 */
export class ChannelWriter {
  readonly #channel: ServerChannel;
  readonly #ready: Ready;
  #last: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;
  #closed = false;

  constructor(channel: ServerChannel, ready: Ready) {
    this.#channel = channel;
    this.#ready = ready;
    channel.once('close', () => {
      this.#closed = true;
      this.#release();
    });
  }

  /** Resolves when the bytes are on their way, or the channel is closed. The bytes must not change until then. */
  write(bytes: Uint8Array, to: Writable = this.#channel): Promise<void> {
    this.#last = this.#last.then(() => this.#write(bytes, to));
    return this.#last;
  }

  /** Writes all of a stream. Resolves at its end. */
  async copy(from: Readable, to: Writable = this.#channel): Promise<void> {
    try {
      for await (const chunk of from) await this.write(chunk, to);
    } catch {
      // Destroyed, because the channel is closed or the program was ended.
    }
  }

  async #write(bytes: Uint8Array, to: Writable): Promise<void> {
    if (this.#closed) return;
    await this.#ready();
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#release = resolve;
      to.write(bytes, () => resolve());
    });
  }
}
