import { waitAfter } from '@webxterm/contracts/back-off';
import { type DownFrame, decodeDown, encodeUp, FrameError } from '@webxterm/contracts/frames';
import { AppError, type Logger, reasonOf, toAppError } from '@webxterm/shared';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { type Attachment, type AttachmentEvents, refusalOf } from '../attachment/attachment.ts';
import type { SessionEnd } from '../sessions/record.ts';
import { ChunkBuilder, type WindowSize } from './chunk-builder.ts';
import type { ChunkEntry, ChunkStore } from './chunk-store.ts';
import { ChunkWriter } from './chunk-writer.ts';
import type { RecordingClaims } from './claims.ts';
import { PendingTimes } from './pending-times.ts';
import type { RecordingRecord } from './record.ts';
import { confirmStored, recorderRequest } from './recorder-request.ts';

/** Output that the machine may send beyond what is stored. */
const window = 2 * 1024 * 1024;
/** Above this many bytes of frames that are not stored the machine's stream is paused. Sizes and times do not count towards the window. */
const pauseAbove = 4 * 1024 * 1024;
/** Output is stored at most this long after it arrived. */
const flushAfterMs = 5000;
/** Between attempts to attach while the machine is unreachable. */
const backOff = { firstMs: 500, longestMs: 10_000 };

/** How a session ended according to its record. `opened`: a shell was opened. Undefined: it goes on. */
export type KnownEnd = (SessionEnd & { readonly opened: boolean }) | undefined;

export interface RecorderEnd extends SessionEnd {
  /** Whether the last byte of the session is recorded. */
  readonly whole: boolean;
  /** Whether the session was ever opened. */
  readonly opened: boolean;
}

export interface RecorderOptions {
  /** As claimed by this instance. */
  readonly record: RecordingRecord;
  readonly key: Buffer;
  readonly attach: (request: AttachmentRequest, events: AttachmentEvents) => Attachment;
  readonly chunks: ChunkStore;
  readonly claims: Pick<RecordingClaims, 'grown'>;
  /** Reads the record of the session. */
  readonly sessionEnd: (sessionId: string) => Promise<KnownEnd>;
  /** The machine has accepted the recorder, for the first time. */
  readonly opened: () => void;
  /** The machine refuses the recorder. */
  readonly refused: (error: AppError) => void;
  readonly gap: (bytes: number) => void;
  /** Everything that the session has written is stored. Called once, unless the recorder is stopped before. @returns whether the end is stored */
  readonly ended: (end: RecorderEnd) => Promise<boolean>;
  /** Another instance records this session now. */
  readonly lost: () => void;
  readonly logger: Logger;
}

/** Records one session: attaches to it, and writes its output in chunks until it ends. */
export class Recorder {
  readonly #options: RecorderOptions;
  #record: RecordingRecord;
  #writer: ChunkWriter;
  #builder: ChunkBuilder;
  readonly #times = new PendingTimes();
  /** The window size of the output that comes next. */
  #size: WindowSize;
  #stored: number;
  #attachment: Attachment | undefined;
  #failures = 0;
  #paused = false;
  #over = false;
  #refused: AppError | undefined;
  #ended: Extract<DownFrame, { type: 'ended' }> | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #attachTimer: NodeJS.Timeout | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#record = options.record;
    this.#size = { cols: options.record.cols, rows: options.record.rows };
    this.#stored = options.record.next_offset;
    this.#builder = this.#newBuilder(undefined);
    this.#writer = this.#newWriter();
  }

  /** Continues behind the last stored chunk. */
  async start(): Promise<void> {
    const { chunks, record, claims } = this.#options;
    try {
      const last = await chunks.last(record.recording_id);
      // The instance before may have died between a chunk and its entry in the row.
      for (let n = record.chunks; last !== undefined && n <= last.n; n += 1) {
        const [entry] = await chunks.list(record.recording_id, n, 1);
        if (entry === undefined || !(await claims.grown(record.lease?.token ?? '', entry))) return this.#lose();
        this.#record = { ...this.#record, chunks: n + 1, chain_head: entry.hash, next_offset: entry.to };
      }
      if (this.#over) return;
      this.#stored = this.#record.next_offset;
      this.#builder = this.#newBuilder(last);
      this.#writer = this.#newWriter();
      this.#attach();
    } catch (error) {
      this.#options.logger.warn({ reason: reasonOf(error) }, 'a recording could not be continued, retrying');
      this.#again(() => void this.start());
    }
  }

  /** Stores what has arrived, and leaves. Another instance may continue. */
  async stop(): Promise<void> {
    if (this.#over) return;
    this.#leave('moving');
    this.#flush();
    await this.#writer.idle();
  }

  /** Leaves at once. Nothing more is written. */
  abandon(): void {
    this.#leave('moving');
    this.#writer.stop();
  }

  #newBuilder(last: ChunkEntry | undefined): ChunkBuilder {
    const { next_offset: offset, duration_ms: ms } = this.#record;
    return new ChunkBuilder({ offset, ms: last?.ms_to ?? ms, ...this.#size });
  }

  #newWriter(): ChunkWriter {
    const { key, chunks, claims, logger } = this.#options;
    return new ChunkWriter({
      record: this.#record,
      key,
      chunks,
      claims,
      logger,
      stored: (offset) => this.#hasStored(offset),
      lost: () => this.#lose(),
    });
  }

  #attach(): void {
    this.#refused = undefined;
    this.#attachment = this.#options.attach(this.#request(), {
      frame: (bytes) => this.#received(decodeDown(bytes)),
      waiting: () => {},
      drained: () => {},
      over: (error) => this.#attachmentOver(error),
    });
    this.#attachment.start();
  }

  #request(): AttachmentRequest {
    return recorderRequest(this.#options.record, this.#builder.end.offset, this.#size);
  }

  #received(frame: DownFrame): void {
    if (this.#over) return;
    switch (frame.type) {
      case 'accepted':
        this.#accepted(frame);
        return;
      case 'times':
        this.#times.add(frame.marks);
        return;
      case 'size':
        this.#size = { cols: frame.cols, rows: frame.rows };
        this.#applySize(Math.max(frame.offset, this.#builder.end.offset));
        return;
      case 'gap':
        this.#gap(frame.from, frame.to);
        return;
      case 'output':
        this.#output(frame.offset, frame.payload);
        return;
      case 'ended':
        this.#ended = frame;
        return;
      case 'refused':
        this.#refused = refusalOf(frame.code, frame.message);
        return;
      default:
        return;
    }
  }

  #accepted({ cols, rows }: Extract<DownFrame, { type: 'accepted' }>): void {
    this.#failures = 0;
    // It applies to the next output, unless a size frame comes before.
    if (cols > 0 && rows > 0) this.#size = { cols, rows };
    this.#sendLimit();
    this.#options.opened();
  }

  #gap(from: number, to: number): void {
    const start = Math.max(from, this.#builder.end.offset);
    if (to <= start) return;
    this.#add({ type: 'gap', from: start, to });
    this.#options.gap(to - start);
  }

  #output(offset: number, payload: Uint8Array): void {
    const { offset: next } = this.#builder.end;
    if (offset > next) throw new FrameError(`output at ${offset}, not ${next}`);
    const fresh = payload.subarray(next - offset);
    if (fresh.length === 0) return;
    this.#applySize(next);
    const marks = this.#times.take(next, next + fresh.length, this.#builder.end.ms);
    if (marks.length > 0) this.#add({ type: 'times', marks });
    this.#add({ type: 'output', offset: next, payload: fresh });
  }

  #applySize(offset: number): void {
    const { cols, rows } = this.#builder.end;
    if (cols !== this.#size.cols || rows !== this.#size.rows) this.#add({ type: 'size', offset, ...this.#size });
  }

  #add(frame: Parameters<ChunkBuilder['add']>[0]): void {
    this.#builder.add(frame);
    if (this.#builder.isFull) this.#flush();
    else this.#flushTimer ??= setTimeout(() => this.#flush(), flushAfterMs);
    if (this.#paused || this.#builder.bytes + this.#writer.waitingBytes <= pauseAbove) return;
    this.#paused = true;
    this.#attachment?.pause();
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (!this.#builder.hasContent) return;
    const { end } = this.#builder;
    this.#writer.push(this.#builder.build());
    this.#builder = new ChunkBuilder(end);
  }

  #hasStored(offset: number): void {
    this.#stored = offset;
    if (this.#over) return;
    this.#sendLimit();
    if (!this.#paused || this.#writer.waitingBytes > pauseAbove / 2) return;
    this.#paused = false;
    this.#attachment?.resume();
  }

  #sendLimit(): void {
    this.#attachment?.send(encodeUp({ type: 'limit', acked: this.#stored, limit: this.#stored + window }));
  }

  /** The attachment has ended for good: the session is over, refused or unreachable. */
  #attachmentOver(error: AppError | undefined): void {
    this.#attachment = undefined;
    this.#paused = false;
    if (this.#over) return;
    const ended = this.#ended;
    if (ended !== undefined && ended.cause !== 'unknown') {
      const { cause, exitCode, signal, finalOffset } = ended;
      const whole = finalOffset === this.#builder.end.offset;
      void this.#finish({ cause, exitCode: exitCode ?? null, signal: signal ?? null, whole, opened: true });
      return;
    }
    const refused = error ?? this.#refused;
    if (refused?.code === 'displaced') {
      this.#lose();
      return;
    }
    if (refused !== undefined && !isTemporary(refused)) this.#options.refused(refused);
    void this.#endedMeanwhile(ended !== undefined);
  }

  /** Ends the recording if the session has ended, or attaches again later. `unknown`: the machine does not know the session. */
  async #endedMeanwhile(unknown: boolean): Promise<void> {
    const known = await this.#options.sessionEnd(this.#record.session_id).catch((error: unknown) => toAppError(error));
    if (this.#over) return;
    if (known instanceof AppError || (known === undefined && !unknown)) return this.#again(() => this.#attach());
    const end = known ?? { cause: 'unknown', exitCode: null, signal: null, opened: true };
    await this.#finish({ ...end, whole: false });
  }

  #again(act: () => void): void {
    if (this.#over) return;
    this.#failures += 1;
    clearTimeout(this.#attachTimer);
    this.#attachTimer = setTimeout(act, waitAfter(backOff, this.#failures));
  }

  async #finish(end: RecorderEnd): Promise<void> {
    this.#flush();
    await this.#writer.idle();
    if (this.#over) return;
    this.#leave('left');
    const isStored = await this.#options.ended(end);
    // If the end is not stored, another recorder asks the machine for it.
    if (isStored && end.whole) confirmStored(this.#options.attach, this.#request(), this.#stored);
  }

  #lose(): void {
    if (this.#over) return;
    this.abandon();
    this.#options.lost();
  }

  #leave(reason: 'left' | 'moving'): void {
    this.#over = true;
    clearTimeout(this.#attachTimer);
    this.#attachment?.detach(reason);
    this.#attachment = undefined;
  }
}

/** Whether a later attach may succeed. */
const isTemporary = ({ code }: AppError): boolean => code === 'unavailable' || code === 'machine_offline';
