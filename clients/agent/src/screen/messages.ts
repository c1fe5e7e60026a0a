import type { SizeMark } from '@webxterm/stream';

/** The screen as it was at `offset`, and the output between there and the oldest byte of the ring. */
export type ScreenSnapshot = {
  /** In no character and no escape sequence. */
  offset: number;
  kept: Uint8Array;
  cols: number;
  rows: number;
  /** What restores it on an emulator of that size. */
  state: Uint8Array;
};

export type ToScreens =
  /** The first message: with more bytes in the buffers of all screens the worker ends itself. */
  | { kind: 'start'; maxBufferBytes: number }
  /** `sizes`: the window's size in force, where it changed, by offset. */
  | { kind: 'feed'; id: number; offset: number; bytes: Uint8Array<ArrayBuffer>; sizes: SizeMark[] }
  | { kind: 'snapshot'; id: number; request: number }
  | { kind: 'close'; id: number };

export type FromScreens =
  /** It is loaded: from now on it draws what comes. */
  | { kind: 'ready' }
  | { kind: 'fed'; id: number; length: number }
  | { kind: 'snapshot'; request: number; snapshot: ScreenSnapshot | undefined };
