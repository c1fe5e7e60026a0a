import type { RecordedCommand } from '@webxterm/contracts/rest';
import type { LineBlock } from './line-blocks.ts';

/** The worker is started with this. */
export interface IndexJob {
  readonly cols: number;
  readonly rows: number;
  /** A keyframe is due after so many bytes of chunks, or so long. */
  readonly everyBytes: number;
  readonly everyMs: number;
  readonly searchKey: Uint8Array;
  /** Time of the processor after which nothing more is drawn, ms. */
  readonly cpuMs: number;
}

/** The next chunk, or the end of the recording. */
export type ToIndexWorker =
  | { readonly kind: 'chunk'; readonly n: number; readonly plain: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' };

/** The screen where chunk `n` begins, as frames of the terminal protocol. */
export interface IndexedKeyframe {
  readonly n: number;
  readonly ms: number;
  readonly plain: Uint8Array;
}

/** The commands that the shell has marked. `cut`: there are more. */
export interface IndexedCommands {
  readonly commands: readonly RecordedCommand[];
  readonly cut: boolean;
}

/** The answer to each message: what is new in the index. */
export interface FromIndexWorker {
  readonly keyframe?: IndexedKeyframe;
  readonly blocks: readonly LineBlock[];
  /** Of the whole recording, in the last answer. */
  readonly commands?: IndexedCommands;
  readonly cut: boolean;
  /** Its time was used up, before the end. The lines and keyframes until then are complete. */
  readonly spent: boolean;
}
