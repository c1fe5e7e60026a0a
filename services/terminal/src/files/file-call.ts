import { type FileMessage, FileMessageReader } from '@webxterm/contracts/file-messages';
import {
  type DownFrame,
  decodeDown,
  defaultCols,
  defaultRows,
  encodeUp,
  maxInputFrame,
} from '@webxterm/contracts/frames';
import { AttachGrant, EdgeKind } from '@webxterm/contracts/grpc';
import { plainText } from '@webxterm/contracts/text';
import { AppError, currentSpan, reasonOf } from '@webxterm/shared';
import { InputQueue, OutputReader } from '@webxterm/stream';
import type { z } from 'zod';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { patienceMs } from '../attachment/attach-timing.ts';
import { type Attachment, type OpenAttachment, refusalOf } from '../attachment/attachment.ts';
import { takeInputFrame } from '../attachment/input-frames.ts';
import { newId } from '../tickets/admission.ts';
import { Failure } from './answers.ts';

export interface FileCallRequest {
  readonly requestId: string;
  readonly sid: string;
  readonly userId: string;
  readonly agentId: string;
  readonly kind: 'files_read' | 'files_write';
  /** The Linux user that does the work. Undefined: the default one of the machine. */
  readonly linuxUser: string | undefined;
}

/**
 * Bytes on their way in each direction. Small, because keys of terminals of the same machine wait behind them: with 512 KiB on a loaded machine
 * of two cores, the median of a key's echo rose from 10 to 233 ms during a download, with 128 KiB to 16 ms, at the same rate.
 */
const window = 128 * 1024;
/** A transfer ends after this time. If the service was killed, the row of the audit log shows `unknown` then. */
export const longestTransferMs = 6 * 3_600_000;
/** Messages that wait to be taken. A message of five bytes takes a hundred times as much memory here. */
const maxWaiting = 4096;
/** Sentences of a machine are cut to this many characters. */
export const maxSentence = 600;

const attachmentRequest = ({
  requestId,
  sid,
  userId,
  agentId,
  kind,
  linuxUser,
}: FileCallRequest): AttachmentRequest => ({
  requestId,
  traceparent: currentSpan()?.traceparent,
  sid,
  userId,
  ownerUserId: userId,
  grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
  agentId,
  sessionId: newId(),
  viewerId: newId(),
  mode: 'control',
  recording: 'off',
  sessionKind: kind,
  linuxUser,
  edge: EdgeKind.EDGE_KIND_UNSPECIFIED,
  create: true,
  resumed: false,
  from: undefined,
  // A hub requires a size. A session of bytes ignores it.
  cols: defaultCols,
  rows: defaultRows,
  patienceMs: patienceMs.first,
});

/** One session about files on a machine. It continues over a change of the hub, and ends with `close`. */
export class FileCall {
  readonly #attachment: Attachment;
  readonly #messages: FileMessage[] = [];
  readonly #splitter = new FileMessageReader();
  readonly #input = new InputQueue({ frame: maxInputFrame, window, queue: 4 * window });
  readonly #reader = new OutputReader(0);
  /** Bytes of the messages that `next` has returned. */
  #taken = 0;
  #announced = 0;
  #accepted = false;
  #error: AppError | undefined;
  #cut = false;
  #changed = Promise.withResolvers<undefined>();

  constructor(attach: OpenAttachment, request: FileCallRequest) {
    this.#attachment = attach(attachmentRequest(request), {
      frame: (bytes) => this.#receive(decodeDown(bytes)),
      waiting: () => {},
      drained: () => {},
      over: (error) =>
        error === undefined
          ? this.#end(new AppError('files_not_started', 'The helper for files has ended.'))
          : this.fail(error),
    });
    this.#attachment.start();
  }

  /** The Linux user of the helper, once it has answered. */
  get linuxUser(): string | null {
    return this.#attachment.linuxUser ?? null;
  }

  /** Whether the machine has sent something that was not taken yet. */
  get hasMessage(): boolean {
    return this.#messages.length > 0 || this.#error !== undefined;
  }

  /** Whether the call was ended early, as by a lost right. Nothing more of it may be sent to the client. */
  get cut(): boolean {
    return this.#cut;
  }

  /** Resolves when something has arrived, there is room to send, or the call has ended. */
  get changed(): Promise<undefined> {
    return this.#changed.promise;
  }

  /** Sends a message once there is room for it. @throws AppError */
  async send(message: Uint8Array): Promise<void> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#input.push(message, false)) break;
      await this.#changed.promise;
    }
    this.#flush();
  }

  /** The next message of the machine. @throws AppError */
  async next(): Promise<FileMessage> {
    for (;;) {
      const message = this.#cut ? undefined : this.#messages.shift();
      if (message !== undefined) {
        this.#take(message);
        return message;
      }
      if (this.#error !== undefined) throw this.#error;
      await this.#changed.promise;
    }
  }

  /** The next message, which must be JSON of this form. @throws AppError, that of the machine if it could not do it */
  async answer<T extends z.ZodType>(schema: T): Promise<z.output<T>> {
    const message = await this.next();
    return this.read(message, schema);
  }

  /** @throws AppError, that of the machine if it could not do it */
  read<T extends z.ZodType>(message: FileMessage, schema: T): z.output<T> {
    if (message.type === 'json') {
      const failure = Failure.safeParse(message.value).data;
      if (failure !== undefined) throw new AppError(failure.code, plainText(failure.message, maxSentence));
      const parsed = schema.safeParse(message.value);
      if (parsed.success) return parsed.data;
    }
    throw new AppError('file_failed', 'The agent of this machine answers in a way that this server does not know.');
  }

  /** Ends the session, and everything that waits for it. Bytes that have arrived before are not passed on any more. */
  fail(error: AppError): void {
    this.#cut = true;
    this.#end(error);
  }

  #end(error: AppError): void {
    this.#error ??= error;
    this.#attachment?.detach('left');
    this.#wake();
  }

  /** Ends the session. An unfinished file is removed. */
  close(): void {
    this.fail(new AppError('file_failed', 'The request has ended.'));
  }

  #receive(frame: DownFrame): void {
    if (this.#error !== undefined) return;
    try {
      this.#act(frame);
    } catch (error) {
      this.fail(new AppError('file_failed', 'The machine sent invalid data.', { cause: reasonOf(error) }));
    }
    this.#wake();
  }

  #act(frame: DownFrame): void {
    if (frame.type === 'accepted') {
      if (this.#reader.accepted(frame.offset, frame.liveFrom) !== undefined) this.#lost();
      this.#input.restart(frame.inputApplied, frame.inputLimit);
      this.#sendLimit();
      this.#flush();
      this.#accepted = true;
    } else if (frame.type === 'output') {
      for (const { bytes } of this.#reader.output(frame.offset, frame.payload))
        this.#messages.push(...this.#splitter.push(bytes));
      if (this.#reader.next - this.#announced > 4 * window) throw new Error('the machine ignores the limits');
      if (this.#messages.length > maxWaiting) throw new Error('the machine sends too many small messages');
      this.#sendLimitIfDue();
    } else if (frame.type === 'gap') this.#lost();
    else if (takeInputFrame(this.#input, frame)) this.#flush();
    else if (frame.type === 'refused') this.fail(this.#refusal(frame));
    else if (frame.type === 'ended') this.#error = new AppError('file_failed', 'The helper for files ended early.');
  }

  /** The sentence of the hub for a right that has ended is about terminals. */
  #refusal({ code, message }: Extract<DownFrame, { type: 'refused' }>): AppError {
    const lost = this.#accepted && code === 'machine_not_found';
    return refusalOf(code, lost ? 'You may no longer do this with files on this machine.' : message);
  }

  /** Output left the ring of the agent, because it was not taken for too long. */
  #lost(): void {
    this.fail(new AppError('file_failed', 'The bytes were not taken for too long. Try again.'));
  }

  #take(message: FileMessage): void {
    this.#taken += message.size;
    this.#sendLimitIfDue();
  }

  /** While no message waits to be taken, the bytes of an incomplete one count as taken: it may be longer than the window. */
  get #free(): number {
    return Math.max(this.#announced, this.#messages.length === 0 ? this.#reader.next : this.#taken);
  }

  #sendLimitIfDue(): void {
    if (this.#free - this.#announced >= window / 4) this.#sendLimit();
  }

  #sendLimit(): void {
    const acked = this.#free;
    this.#announced = acked;
    this.#reader.renderedUpTo(acked);
    this.#attachment.send(encodeUp({ type: 'limit', acked, limit: acked + window }));
  }

  #flush(): void {
    while (this.#attachment.attached) {
      const frame = this.#input.next();
      if (frame === undefined) return;
      this.#attachment.send(encodeUp({ type: 'input', ...frame }));
    }
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve(undefined);
  }
}
