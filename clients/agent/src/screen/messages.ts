import type { SizeMark } from '@webxterm/stream';

/** The screen at `offset`, and the output from there to the oldest byte of the ring. */
export type ScreenSnapshot = {
  /** Inside of no character and no escape sequence. */
  offset: number;
  kept: Uint8Array;
  cols: number;
  rows: number;
  /** The sequences that restore the screen in an emulator of that size. */
  state: Uint8Array;
};

export type ToScreens =
  /** The first message. If the buffers of all screens exceed this many bytes, the worker ends itself. */
  | { kind: 'start'; maxBufferBytes: number }
  /** `sizes`: the current window size and its changes, by offset. */
  | { kind: 'feed'; id: number; offset: number; bytes: Uint8Array<ArrayBuffer>; sizes: SizeMark[] }
  /** The screen of an earlier agent process. Later output follows it. */
  | { kind: 'restore'; id: number; snapshot: ScreenSnapshot }
  | { kind: 'snapshot'; id: number; request: number }
  | { kind: 'close'; id: number };

export type FromScreens =
  /** The worker is loaded and draws from now on. */
  | { kind: 'ready' }
  | { kind: 'fed'; id: number; length: number }
  | { kind: 'snapshot'; request: number; snapshot: ScreenSnapshot | undefined };
