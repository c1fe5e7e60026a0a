import { type Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { type AttachOpen, AttachUp, metadataKey, unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import { passedBuffers } from '@webxterm/shared';
import type { HubChannels, RawCall } from './channels.ts';

/** A stream ends by half-close, and is cancelled only after this time. A burst of cancelled streams would close the whole connection. */
const cancelAfterMs = 5000;

export interface HubStreamEvents {
  /** A frame from the machine or the hub. */
  frame(frame: Buffer): void;
  /** The stream has ended. This is the last event, sent once. */
  ended(end: { readonly code: status; readonly details: string }): void;
  /** The stream accepts frames again, after `send` returned false. */
  drained(): void;
}

/** One attach stream through one hub. */
export class HubStream {
  readonly #call: RawCall;
  #events: HubStreamEvents | undefined;
  #over = false;
  #capabilities: readonly string[] = [];
  #linuxUser: string | undefined;

  constructor(
    channels: HubChannels,
    address: string,
    open: AttachOpen,
    traceparent: string | undefined,
    events: HubStreamEvents,
  ) {
    this.#events = events;
    this.#call = channels.attach(address, open.requestId, traceparent);
    this.#call.on('data', (message: Buffer) => {
      passedBuffers.passed(message.length);
      const frame = unwrapFrame(message);
      if (frame !== undefined) this.#events?.frame(frame);
    });
    this.#call.on('metadata', (metadata: Metadata) => {
      this.#capabilities = String(metadata.get(metadataKey.agentCapabilities)[0] ?? '').split(',');
      const [linuxUser] = metadata.get(metadataKey.linuxUser);
      if (linuxUser !== undefined) this.#linuxUser = decodeURIComponent(String(linuxUser));
    });
    this.#call.on('drain', () => this.#events?.drained());
    // Every error also arrives as a status.
    this.#call.on('error', () => {});
    this.#call.on('status', (end: StatusObject) => this.#finish(end));
    this.#call.write(Buffer.from(AttachUp.encode({ message: { $case: 'open', value: open } }).finish()));
  }

  /** The capabilities of the agent, once its first frame has arrived. A hub of an older version does not send them. */
  get capabilities(): readonly string[] {
    return this.#capabilities;
  }

  /** The Linux user of the session that this stream opens, once its first frame has arrived. */
  get linuxUser(): string | undefined {
    return this.#linuxUser;
  }

  /** @returns false if the caller should wait for `drained` */
  send(frame: Uint8Array): boolean {
    return this.#over || this.#call.write(wrapFrame(frame));
  }

  /** Stops reading. Output within the limits then stays in the hub and in the network. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  /** Half-closes the stream after the frames sent before. No events follow. */
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
