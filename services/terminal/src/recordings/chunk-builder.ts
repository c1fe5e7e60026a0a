import { type DownFrame, encodeDown } from '@webxterm/contracts/frames';
import { joinFrames } from './chunk-codec.ts';

export interface WindowSize {
  readonly cols: number;
  readonly rows: number;
}

/** A chunk that is complete and not yet stored. */
export interface BuiltChunk extends WindowSize {
  readonly from: number;
  readonly to: number;
  readonly ms_from: number;
  readonly ms_to: number;
  readonly lost: number;
  readonly plain: Buffer;
}

/** The parts of a recording, in the order of the stream. */
export type RecordedFrame = Extract<DownFrame, { type: 'output' | 'gap' | 'size' | 'times' | 'ended' }>;

/** A chunk is complete with this many bytes of frames. A frame of output has at most 64 KiB. */
const fullAt = 192 * 1024;

/** Where a chunk begins: the offset, the time and the window size there. */
export interface ChunkStart extends WindowSize {
  readonly offset: number;
  readonly ms: number;
}

/** Collects the frames of one chunk. */
export class ChunkBuilder {
  readonly #start: ChunkStart;
  readonly #frames: Uint8Array[] = [];
  #bytes = 0;
  #to: number;
  #ms: number;
  #lost = 0;
  #size: WindowSize;
  #hasContent = false;

  constructor(start: ChunkStart) {
    this.#start = start;
    this.#to = start.offset;
    this.#ms = start.ms;
    this.#size = { cols: start.cols, rows: start.rows };
    this.#put({ type: 'size', offset: start.offset, cols: start.cols, rows: start.rows });
    this.#put({ type: 'times', marks: [{ offset: start.offset, ms: start.ms }] });
  }

  /** Whether it holds more than where it begins. */
  get hasContent(): boolean {
    return this.#hasContent;
  }

  get isFull(): boolean {
    return this.#bytes >= fullAt;
  }

  /** Bytes of frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Where the next chunk begins. */
  get end(): ChunkStart {
    return { offset: this.#to, ms: this.#ms, ...this.#size };
  }

  add(frame: RecordedFrame): void {
    this.#hasContent = true;
    this.#put(frame);
    if (frame.type === 'output') this.#to = frame.offset + frame.payload.length;
    else if (frame.type === 'times') this.#ms = Math.max(this.#ms, frame.marks.at(-1)?.ms ?? 0);
    else if (frame.type === 'size') this.#size = { cols: frame.cols, rows: frame.rows };
    else if (frame.type === 'gap') {
      this.#lost += Math.max(0, frame.to - frame.from);
      this.#to = frame.to;
    }
  }

  build(): BuiltChunk {
    const { offset, ms, cols, rows } = this.#start;
    return {
      from: offset,
      to: this.#to,
      ms_from: ms,
      ms_to: this.#ms,
      cols,
      rows,
      lost: this.#lost,
      plain: joinFrames(this.#frames),
    };
  }

  #put(frame: RecordedFrame): void {
    const bytes = encodeDown(frame);
    this.#frames.push(bytes);
    this.#bytes += bytes.length;
  }
}
