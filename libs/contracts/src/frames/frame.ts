import type { detachReasons, endCauses, linkStates } from './layout.ts';

/**
 * The frames of `webxterm.v1`: the same bytes in a binary WebSocket message and in the gRPC attach streams, so
 * relays pass them on as they are. One type byte, then fixed fields (big endian), then the payload to the end of the
 * message. Offsets are absolute byte counts from the first byte of the stream (u64, as bigint only on the wire:
 * 2^53 bytes are 8 PiB, so in memory they are numbers).
 */
export type EndCause = (typeof endCauses)[number];
export type DetachReason = (typeof detachReasons)[number];
/** What stands between this viewer and its shell right now. */
export type LinkState = (typeof linkStates)[number];

/** Viewer to machine. `hello` and `attach` are read by the terminal service; the rest goes to the agent unchanged. */
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
      /** Open the session if it is new (its id came with the ticket). */
      create: boolean;
      /** The viewer has every byte before this; undefined: it has nothing. */
      from: number | undefined;
      cols: number;
      rows: number;
    }
  /** `reply`: made by the terminal emulator in answer to a query, not typed. */
  | { type: 'input'; offset: number; reply: boolean; payload: Uint8Array }
  /** All output before `acked` is rendered; the sender may go up to `limit`. */
  | { type: 'limit'; acked: number; limit: number }
  | { type: 'resize'; cols: number; rows: number }
  | { type: 'visible'; visible: boolean }
  /** Answered by whoever `scope` names, with the same nonce: `hop` the terminal service, `path` the agent. */
  | { type: 'ping'; scope: 'hop' | 'path'; nonce: number }
  | { type: 'detach'; reason: DetachReason }
  | { type: 'snapshot_ack'; bytes: number };

/** Machine to viewer. `hello`, `state`, `pass` and hop pongs are made by the terminal service; the rest by the agent. */
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
      /** This viewer drives: its size and its emulator's answers count. */
      driver: boolean;
      /** Where the output goes on for this viewer; a gap before it has been told. */
      offset: number;
      head: number;
      /** Replay never types: below this the emulator's answers, bell and clipboard are suppressed. */
      liveFrom: number;
      /** Input of this writer applied so far: repeat from here. */
      inputApplied: number;
      inputLimit: number;
      cols: number;
      rows: number;
    }
  | { type: 'output'; offset: number; payload: Uint8Array }
  /** Output from `from` up to `to` is lost to this viewer; the stream goes on at `to`. */
  | { type: 'gap'; from: number; to: number }
  | { type: 'input_ack'; applied: number; limit: number }
  /** The agent does not know this writer at that offset: nothing was applied; start again from `applied`. */
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
  /** A resume pass: good once, for `expiresInMs`; replaces the one before. */
  | { type: 'pass'; expiresInMs: number; pass: string }
  | { type: 'pong'; scope: 'hop' | 'path'; nonce: number }
  | { type: 'snapshot'; offset: number; last: boolean; payload: Uint8Array };
