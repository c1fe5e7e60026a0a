import type { SizeMarks } from '@webxterm/stream';
import type { Logger } from 'pino';
import type { Viewer } from '../attachment/attachment.ts';
import type { AttachmentTransport } from '../attachment/outgoing.ts';
import type { ScreenSnapshot } from '../screen/messages.ts';
import type { PtyEvents, PtySize } from '../shell/pty.ts';

/** The part of a shell that a session uses. */
export type Terminal = {
  write(bytes: Uint8Array): number;
  resize(size: PtySize): void;
  pause(): void;
  resume(): void;
  kill(signal: NodeJS.Signals): void;
};

/** The screen of the output that has left the ring. */
export type SessionScreen = {
  evicted(offset: number, bytes: Uint8Array, marks: SizeMarks): void;
  snapshot(): Promise<ScreenSnapshot | undefined>;
  close(): void;
};

export type SessionOptions = {
  /** 32 hex digits. */
  id: string;
  ownerUserId: string;
  kind: string;
  size: PtySize;
  /** Bytes of output to keep. */
  ringSize: number;
  spawn(events: PtyEvents, size: PtySize): Terminal;
  screen: SessionScreen;
  onEnded(): void;
  log: Logger;
  /** ms on a monotonic clock. */
  now(): number;
};

export type AttachRequest = {
  viewer: Viewer;
  created: boolean;
  /** The viewer has all output before this offset. Undefined: it has none. */
  from: number | undefined;
  size: PtySize | undefined;
  /** The viewer supports snapshots and jumps (`webxterm.v1`). */
  repaints: boolean;
  transport: AttachmentTransport;
};
