import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { status } from '@grpc/grpc-js';
import { type Rate, TokenBucket } from '@webxterm/shared';

/**
 * HTTP/2 receive windows in bytes for a proven peer, per stream and per connection. The stock server of grpc-js keeps 64 KiB for the
 * whole connection, which limits it to 64 KiB per round trip (measured: 0.63 MB/s at 50 ms). Both are larger than the largest output
 * limit (4 MiB), so that only the limits of the stream protocol stop output.
 */
export const streamWindow = 8 * 1024 * 1024;
export const connectionWindow = 64 * 1024 * 1024;
export const maxConcurrentStreams = 4096;

/** The receive window before the proof, in bytes. A hello fits easily. Node reads no further than the window it has granted. */
export const unprovenStreamWindow = 16 * 1024;
/** Limit of all bytes that an unproven peer sends, including TLS and HTTP/2. An honest peer needs 2 to 6 KiB. */
const unprovenBytes = 64 * 1024;
/** Limit of DATA frames for the first message of an unproven peer. A frame of one byte costs as much as a full one. */
const unprovenChunks = 64;
/** Streams that an unproven peer may open in total. An honest peer opens one. */
const unprovenStreams = 4;

/** An honest peer sends at most one PING in 2 s, and SETTINGS once. Both are limited, because each one costs an answer. */
const pings: Rate = { burst: 100, perSecond: 10 };
const settingsFrames: Rate = { burst: 20, perSecond: 1 };
/**
 * Refused streams that a proven peer may have. An honest agent that was suspended or slow opens many streams too late. The burst is
 * twice the attachments that one machine may have.
 */
const refusals: Rate = { burst: 1024, perSecond: 20 };

export interface StreamRefusal {
  readonly code: status;
  readonly details: string;
}

/** Why the hub ended a connection. */
export type Breach = 'bytes' | 'frames' | 'streams' | 'time' | 'refused';

/** One connection to a guarded port, from the accepted socket to its end. */
export class Connection {
  readonly sender: string;
  readonly openedAt: number;
  readonly #socket: Socket;
  readonly #now: () => number;
  readonly #onBreach: (breach: Breach) => void;
  readonly #refusals: TokenBucket;
  #session: ServerHttp2Session | undefined;
  #proven = false;
  #streams = 0;
  #stopCounting: (() => void) | undefined;

  constructor(socket: Socket, sender: string, now: () => number, onBreach: (breach: Breach) => void) {
    this.#socket = socket;
    this.sender = sender;
    this.#now = now;
    this.openedAt = now();
    this.#onBreach = onBreach;
    this.#refusals = new TokenBucket(refusals, this.openedAt);
  }

  /** Whether the peer has proved its identity. */
  get isProven(): boolean {
    return this.#proven;
  }

  get streams(): number {
    return this.#streams;
  }

  get exceedsUnprovenBytes(): boolean {
    return this.#socket.bytesRead > unprovenBytes;
  }

  carry(session: ServerHttp2Session): void {
    this.#session = session;
    const count = (rate: Rate): (() => void) => {
      const bucket = new TokenBucket(rate, this.#now());
      return () => void (bucket.take(1, this.#now()) || this.end('frames'));
    };
    session.on('ping', count(pings));
    session.on('remoteSettings', count(settingsFrames));
    // A session error ends the session. Without a listener Node would throw it.
    session.on('error', () => undefined);
  }

  /** Counts a new stream. @returns false if the stream or the connection has ended, so no answer is possible */
  countStream(stream: ServerHttp2Stream): boolean {
    if (this.#session?.destroyed !== false) return false;
    this.#streams += 1;
    if (!this.#proven && this.#streams > unprovenStreams) this.end('streams');
    return !stream.destroyed;
  }

  /** Limits the size of the first message until the peer is proven. */
  boundFirstMessage(stream: ServerHttp2Stream): void {
    let [bytes, chunks] = [0, 0];
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks += 1;
      if (bytes > 2 * unprovenStreamWindow || chunks > unprovenChunks) this.end('bytes');
    };
    stream.on('data', count);
    this.#stopCounting = () => stream.off('data', count);
  }

  prove(): void {
    if (this.#proven || this.#session?.destroyed !== false) return;
    this.#proven = true;
    this.#stopCounting?.();
    this.#session.settings({ initialWindowSize: streamWindow, maxConcurrentStreams });
    this.#session.setLocalWindowSize(connectionWindow);
  }

  /** Refuses a stream without passing it to gRPC, and frees it at once. */
  refuse(stream: ServerHttp2Stream, { code, details }: StreamRefusal): void {
    if (!this.#refusals.take(1, this.#now())) {
      this.end('refused');
      return;
    }
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': code,
        'grpc-message': encodeURI(details),
      },
      { endStream: true },
    );
    stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** Accepts no new streams, and closes after queued data is sent. */
  close(): void {
    if (this.#session?.closed === false) this.#session.close();
  }

  /** Ends the connection at once, with all of its streams and buffers. */
  end(breach?: Breach): void {
    if (this.#socket.destroyed) return;
    if (breach !== undefined) this.#onBreach(breach);
    this.#session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#socket.destroy();
  }
}
