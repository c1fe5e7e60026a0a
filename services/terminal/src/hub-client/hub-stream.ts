import { type StatusObject, status } from '@grpc/grpc-js';
import { type AttachOpen, AttachUp, unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import type { HubChannels, RawCall } from './channels.ts';

/** Attachments end by half-close: a burst of cancelled streams would end the whole connection, and with it everybody's terminals. */
const cancelAfterMs = 5000;

export interface HubStreamEvents {
  /** A frame from the machine, or made by the hub. */
  frame(frame: Buffer): void;
  /** Once, and the last event: the stream is over. */
  ended(end: { readonly code: status; readonly details: string }): void;
  /** The stream takes more again, after `send` said that it is full. */
  drained(): void;
}

/** One attach stream through one hub. */
export class HubStream {
  readonly #call: RawCall;
  #events: HubStreamEvents | undefined;
  #over = false;

  constructor(channels: HubChannels, address: string, open: AttachOpen, events: HubStreamEvents) {
    this.#events = events;
    this.#call = channels.attach(address, open.requestId);
    this.#call.on('data', (message: Buffer) => {
      const frame = unwrapFrame(message);
      if (frame !== undefined) this.#events?.frame(frame);
    });
    this.#call.on('drain', () => this.#events?.drained());
    // What an error says comes as the status, too.
    this.#call.on('error', () => {});
    this.#call.on('status', (end: StatusObject) => this.#finish(end));
    this.#call.write(Buffer.from(AttachUp.encode({ message: { $case: 'open', value: open } }).finish()));
  }

  /** @returns false when more should wait for `drained` */
  send(frame: Uint8Array): boolean {
    return this.#over || this.#call.write(wrapFrame(frame));
  }

  /** Stops reading: what the limits let out stays in the hub and on the way. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  /** Half-closes, behind what was sent; no event comes any more. */
  leave(): void {
    this.#events = undefined;
    if (this.#over) return;
    this.#over = true;
    this.#call.end();
    this.#call.resume();
    const timer = setTimeout(() => this.#call.cancel(), cancelAfterMs);
    timer.unref();
    this.#call.once('status', () => clearTimeout(timer));
  }

  #finish({ code, details }: StatusObject): void {
    if (!this.#over && code === status.OK) this.#call.end();
    this.#over = true;
    this.#events?.ended({ code, details });
    this.#events = undefined;
  }
}
