import type { detachReasons, endCauses, foregroundStates, linkStates, recordingModes } from './layout.ts';

/**
 * The frames of `webxterm.v1`. A binary WebSocket message and a message of the gRPC attach streams hold the same bytes, so relays pass them
 * on unchanged. A frame is one type byte, fixed fields (big endian), and the payload up to the end of the message. Offsets are absolute
 * byte counts from the first byte of the stream: u64 on the wire, numbers in memory, because 2^53 bytes are 8 PiB.
 */
export type EndCause = (typeof endCauses)[number];
export type DetachReason = (typeof detachReasons)[number];
/** The state of the path between this viewer and its shell. */
export type LinkState = (typeof linkStates)[number];

export type RecordingMode = (typeof recordingModes)[number];

export type ForegroundState = (typeof foregroundStates)[number];

/** One attached viewer, as the others see it. */
export type Participant = {
  /** Numbers the viewers of a session from 1 on, in the order of joining. A viewer keeps its number when it attaches again. */
  number: number;
  /** The username. At most 255 bytes of UTF-8. */
  name: string;
  /** A window of the owner of the session. */
  owner: boolean;
  /** May type: the owner, or a guest who may be allowed to. */
  control: boolean;
  /** The input of this participant is applied now, or was the last to be. */
  types: boolean;
  /** Asks to be allowed to type. */
  asks: boolean;
  /** A guest who need not ask. */
  typesAlways: boolean;
};

/** A frame of an ignorable type that this version does not know. Receivers skip it. */
export type UnknownFrame = {
  type: 'unknown';
  /** First byte of the frame, 0x80 to 0xff. */
  code: number;
  payload: Uint8Array;
};

/** Viewer to machine. The terminal service handles `hello`, `attach`, `detach` and hop pings. Other frames reach the agent unchanged. */
export type UpFrame =
  | {
      type: 'hello';
      protocolMin: number;
      protocolMax: number;
      capabilities: number;
    }
  | {
      type: 'attach';
      /** 16 bytes. */
      viewerId: Uint8Array;
      /** Open the session if it does not exist yet (the ticket contains its id). */
      create: boolean;
      /** The viewer has all output before this offset. Undefined: it has none. */
      from: number | undefined;
      cols: number;
      rows: number;
    }
  | {
      type: 'input';
      offset: number;
      /** The terminal emulator generated it in reply to a query. It was not typed. */
      reply: boolean;
      /** The viewer received the query of this reply before its current attachment. False for typed input. */
      earlier: boolean;
      payload: Uint8Array;
    }
  /** All output before `acked` is rendered. The sender may send up to `limit`. */
  | { type: 'limit'; acked: number; limit: number }
  | { type: 'resize'; cols: number; rows: number }
  | { type: 'visible'; visible: boolean }
  /** The pong has the same nonce. `hop`: the terminal service answers. `path`: the agent answers. */
  | { type: 'ping'; scope: 'hop' | 'path'; nonce: number }
  | { type: 'detach'; reason: DetachReason }
  | { type: 'snapshot_ack'; bytes: number }
  /** A guest asks the owner to be allowed to type, or no longer. */
  | { type: 'ask_to_type'; asks: boolean }
  /** The owner lets the participant with this number type. 0: nobody but the owner. */
  | { type: 'give_typing'; viewer: number }
  | UnknownFrame;

/** Machine to viewer. The terminal service makes `hello`, `state`, `pass`, `recorded` and hop pongs; the agent makes all other frames. */
export type DownFrame =
  | {
      type: 'hello';
      protocol: number;
      capabilities: number;
      /** 16 bytes. */
      sessionId: Uint8Array;
    }
  | {
      type: 'accepted';
      created: boolean;
      /** This viewer is the driver: its size and the replies of its emulator are used. */
      driver: boolean;
      /** Offset at which the output continues for this viewer. A gap frame precedes if output was lost. */
      offset: number;
      head: number;
      /** End of the replay. Below this offset, the viewer suppresses the emulator's replies, the bell and clipboard writes. */
      liveFrom: number;
      /** Input of this writer that is applied. The viewer sends again from this offset. */
      inputApplied: number;
      inputLimit: number;
      cols: number;
      rows: number;
    }
  | { type: 'output'; offset: number; payload: Uint8Array }
  /** Output from `from` up to `to` is lost to this viewer. The stream continues at `to`. */
  | { type: 'gap'; from: number; to: number }
  | { type: 'input_ack'; applied: number; limit: number }
  /** The agent does not know this writer at that offset and applied nothing. The viewer starts again from `applied`. */
  | { type: 'input_reset'; applied: number; limit: number }
  | { type: 'size'; offset: number; cols: number; rows: number }
  | { type: 'driver'; driver: boolean; hold: boolean }
  | {
      type: 'ended';
      finalOffset: number;
      cause: EndCause;
      exitCode: number | undefined;
      /** Such as `SIGKILL`. */
      signal: string | undefined;
    }
  /** `code` is from the error list. The stream ends after it. */
  | { type: 'refused'; code: string; message: string }
  | { type: 'state'; state: LinkState; retryInMs: number }
  /** A resume pass: valid once, for `expiresInMs`. It replaces the previous one. */
  | { type: 'pass'; expiresInMs: number; pass: string }
  | { type: 'pong'; scope: 'hop' | 'path'; nonce: number }
  | { type: 'snapshot'; offset: number; last: boolean; payload: Uint8Array }
  /**
   * Output from each `offset` on was written at `ms` since the session's start, up to the next mark. At least one mark. Offsets increase,
   * times do not decrease. Sent to recorders only, before the output that it describes.
   */
  | { type: 'times'; marks: readonly { offset: number; ms: number }[] }
  /** This session is recorded, or no longer. */
  | { type: 'recorded'; mode: RecordingMode }
  /** The users who are attached, in the order of joining. Sent on a change, once a user other than the owner is or was attached. `you`: own number. */
  | { type: 'presence'; you: number; participants: readonly Participant[] }
  /**
   * The program or shell that has the foreground of the terminal now. `program`: its name, at most 255 bytes of UTF-8; empty for guests, and
   * if it is unknown.
   */
  | { type: 'foreground'; state: ForegroundState; program: string }
  /** The session ends in `endsInMs`, unless it is used before, because its limit is `limitSeconds` without use. 0: it is used again, or has no limit. */
  | { type: 'idle'; endsInMs: number; limitSeconds: number }
  | UnknownFrame;
