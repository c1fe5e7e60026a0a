import { maxSnapshot, snapshotWindow } from '@webxterm/contracts/frames';
import { StreamProtocolError } from '@webxterm/stream';
import type { TerminalHandlers } from './api.ts';
import type { Connection } from './connection.ts';

interface Picture {
  received: number;
  rendered: number;
  whole: boolean;
  accounted: boolean;
}

/** Pictures of the screen on their way to the emulator: what output that is no longer kept had drawn. */
export class IncomingSnapshot {
  readonly #handlers: Pick<TerminalHandlers, 'snapshot'>;
  #connection: Connection | undefined;
  #picture: Picture | undefined;

  constructor(handlers: Pick<TerminalHandlers, 'snapshot'>) {
    this.#handlers = handlers;
  }

  /** Attached (again): what was begun is void. */
  attached(connection: Connection): void {
    this.#connection = connection;
    this.#picture = undefined;
  }

  detached(): void {
    this.#connection = undefined;
    this.#picture = undefined;
  }

  /** The emulator is reading a picture: what it answers is not typed. */
  get rendering(): boolean {
    return this.#picture !== undefined && this.#picture.rendered < this.#picture.received;
  }

  /** @throws StreamProtocolError when it is larger than pictures may be, or sent faster than it is rendered */
  part(bytes: Uint8Array, last: boolean): void {
    const before = this.#picture;
    const first = before === undefined || before.whole;
    const picture = first ? { received: 0, rendered: 0, whole: false, accounted: false } : before;
    this.#picture = picture;
    picture.received += bytes.length;
    picture.whole = last;
    if (picture.received > maxSnapshot) throw new StreamProtocolError(`a snapshot of over ${maxSnapshot} bytes`);
    if (picture.received - picture.rendered > snapshotWindow)
      throw new StreamProtocolError(`over ${snapshotWindow} bytes of a snapshot beyond its ack`);
    const rendered = (): void => {
      picture.rendered += bytes.length;
      if (this.#picture === picture) this.#connection?.send({ type: 'snapshot_ack', bytes: picture.rendered });
    };
    if (this.#handlers.snapshot === undefined) rendered();
    else this.#handlers.snapshot(bytes, first, rendered);
  }

  /**
   * Whether a whole picture with something on it has come for the gap that is told now: then nothing is missing on the
   * screen. A picture stands for one gap.
   */
  takeRepainted(): boolean {
    const picture = this.#picture;
    if (this.#handlers.snapshot === undefined || picture?.whole !== true || picture.accounted) return false;
    picture.accounted = true;
    return picture.received > 0;
  }
}
