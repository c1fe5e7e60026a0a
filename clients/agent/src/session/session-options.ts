import type { SizeMarks } from '@webxterm/stream';
import type { Logger } from 'pino';
import type { Viewer } from '../attachment/attachment.ts';
import type { AttachmentTransport } from '../attachment/outgoing.ts';
import type { ScreenSnapshot } from '../screen/messages.ts';
import type { HandedSession } from './handed-session.ts';
import type { ProcessEvents, SessionProcess, SizedProcess, WindowSize } from './session-kind.ts';
import type { RecordingPolicy } from './session-recording.ts';

/** The screen of the output that has left the ring. */
export type SessionScreen = {
  evicted(offset: number, bytes: Uint8Array, marks: SizeMarks): void;
  snapshot(): Promise<ScreenSnapshot | undefined>;
  close(): void;
};

/** How the process of a session is started, and what else a session of its kind has. */
export type SessionContent =
  | {
      output: 'terminal';
      size: WindowSize;
      screen: SessionScreen;
      /** @throws Error if the process cannot be started */
      start(events: ProcessEvents, size: WindowSize): SizedProcess;
    }
  | {
      output: 'bytes';
      /** @throws Error if the process cannot be started */
      start(events: ProcessEvents): SessionProcess;
    };

export type SessionOptions = {
  /** 32 hex digits. */
  id: string;
  ownerUserId: string;
  /** The name of the kind. */
  kind: string;
  /** The address that the session connects to, empty for none. Undefined: not known, because an earlier agent process has opened it. */
  target?: string | undefined;
  /** The rights that its owner must keep. Undefined: the hub watches the only one. */
  rights?: readonly string[] | undefined;
  /** The session ends when its owner leaves. */
  endsWithViewer?: boolean | undefined;
  /** The process waits for its viewer, so that no output is lost. */
  lossless?: boolean | undefined;
  content: SessionContent;
  /** The session of an earlier agent process that this one continues. */
  handed?: HandedSession;
  /** Undefined: the session is not recorded. */
  recording?: RecordingPolicy | undefined;
  /** Bytes of output to keep. */
  ringSize: number;
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
  size: WindowSize | undefined;
  /** The viewer supports snapshots and jumps (`webxterm.v1`). */
  repaints: boolean;
  /** For a recorder: the policy of its recording. */
  recording?: RecordingPolicy | undefined;
  transport: AttachmentTransport;
};
