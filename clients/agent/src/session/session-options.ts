import type { SizeMarks } from '@webxterm/stream';
import type { Logger } from 'pino';
import type { Viewer } from '../attachment/attachment.ts';
import type { AttachmentTransport } from '../attachment/outgoing.ts';
import type { ScreenSnapshot } from '../screen/messages.ts';
import type { PtyEvents, PtySize } from '../shell/pty.ts';

/** The shell as a session needs it. */
export type Terminal = {
  write(bytes: Uint8Array): number;
  resize(size: PtySize): void;
  pause(): void;
  resume(): void;
  kill(signal: NodeJS.Signals): void;
};

/** The screen as what left the ring drew it. */
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
  /** Bytes of output kept. */
  ringSize: number;
  spawn(events: PtyEvents, size: PtySize): Terminal;
  screen: SessionScreen;
  onEnded(): void;
  log: Logger;
  /** ms on a clock that does not go back. */
  now(): number;
};

export type AttachRequest = {
  viewer: Viewer;
  created: boolean;
  /** The viewer has every byte before this; undefined: it has nothing. */
  from: number | undefined;
  size: PtySize | undefined;
  /** It knows snapshots and jumps (`webxterm.v1`). */
  repaints: boolean;
  transport: AttachmentTransport;
};
