import { type DownFrame, decodeUp, encodeDown, maxOutputFrame } from '@webxterm/contracts/frames';
import type { Attachment, AttachmentEvents, OpenAttachment } from '../attachment/attachment.ts';
import { FileCall } from '../files/file-call.ts';

/** A machine that sends output as far as the limit allows. */
class FileMachine {
  #events: AttachmentEvents | undefined;
  #output = Buffer.alloc(0);
  #sent = 0;
  #limit = 0;
  detached = false;

  readonly attach: OpenAttachment = (_request, events) => {
    this.#events = events;
    return {
      attached: true,
      linuxUser: 'deploy',
      start: () => undefined,
      send: (bytes: Uint8Array) => {
        const frame = decodeUp(bytes);
        if (frame.type === 'limit') this.#limit = frame.limit;
        queueMicrotask(() => this.#pump());
        return true;
      },
      detach: () => {
        this.detached = true;
      },
    } as unknown as Attachment;
  };

  accept(): void {
    const none = { cols: 0, rows: 0, driver: true, created: true };
    this.#frame({ type: 'accepted', offset: 0, head: 0, liveFrom: 0, inputApplied: 0, inputLimit: 1000, ...none });
  }

  say(...messages: Uint8Array[]): void {
    this.#output = Buffer.concat([this.#output, ...messages]);
    this.#pump();
  }

  /** Bytes that were sent beyond what the service allows. */
  ignoreLimits(): void {
    this.#limit = Number.MAX_SAFE_INTEGER;
    this.#pump();
  }

  get waiting(): number {
    return this.#output.length - this.#sent;
  }

  refuse(code: string): void {
    this.#frame({ type: 'refused', code, message: 'You may no longer open terminals on this machine.' });
  }

  #pump(): void {
    while (this.#sent < Math.min(this.#output.length, this.#limit)) {
      const end = Math.min(this.#sent + maxOutputFrame, this.#output.length, this.#limit);
      const [offset, payload] = [this.#sent, this.#output.subarray(this.#sent, end)];
      this.#sent = end;
      this.#frame({ type: 'output', offset, payload });
    }
  }

  #frame(frame: DownFrame): void {
    this.#events?.frame(Buffer.from(encodeDown(frame)));
  }
}

/** A call to a machine that has accepted it. */
export const callOf = (): { machine: FileMachine; call: FileCall } => {
  const machine = new FileMachine();
  const request = { requestId: 'r', sid: 's', userId: 'u', agentId: 'a', linuxUser: undefined } as const;
  const call = new FileCall(machine.attach, { ...request, kind: 'files_read' });
  machine.accept();
  return { machine, call };
};
