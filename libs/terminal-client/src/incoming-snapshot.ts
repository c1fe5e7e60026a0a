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

/** Snapshots of the screen on their way to the emulator. A snapshot replaces output that is no longer kept. */
export class IncomingSnapshot {
  readonly #handlers: Pick<TerminalHandlers, 'snapshot'>;
  #connection: Connection | undefined;
  #picture: Picture | undefined;

  constructor(handlers: Pick<TerminalHandlers, 'snapshot'>) {
    this.#handlers = handlers;
  }

  /** Attached (again). An incomplete snapshot is discarded. */
  attached(connection: Connection): void {
    this.#connection = connection;
    this.#picture = undefined;
  }

  detached(): void {
    this.#connection = undefined;
    this.#picture = undefined;
  }

  /** Whether the emulator is rendering a snapshot. Its replies must not be sent. */
  get rendering(): boolean {
    return this.#picture !== undefined && this.#picture.rendered < this.#picture.received;
  }

  /** @throws StreamProtocolError if the snapshot exceeds its size limit, or parts are sent faster than they are rendered */
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
   * Whether a complete and non-empty snapshot has arrived for the gap that is being reported, so nothing is missing on the screen. Each
   * snapshot belongs to one gap.
   */
  takeRepainted(): boolean {
    const picture = this.#picture;
    if (this.#handlers.snapshot === undefined || picture?.whole !== true || picture.accounted) return false;
    picture.accounted = true;
    return picture.received > 0;
  }
}
