import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { status } from '@grpc/grpc-js';
import { type Rate, TokenBucket } from './token-bucket.ts';

/**
 * Bytes that a peer may have on its way to us, per stream and per connection, once it has proved who it is. The stock server
 * of grpc-js stays at 64 KiB for the whole connection, which caps it at 64 KiB per round trip (measured: 0.63 MB/s at 50 ms).
 * Both are larger than the largest output limit (4 MiB), so that only the limits of the stream protocol ever stop output.
 */
export const streamWindow = 8 * 1024 * 1024;
export const connectionWindow = 64 * 1024 * 1024;
export const maxConcurrentStreams = 4096;

/** Before that: a hello, with room to spare. Node never reads beyond the window that it has not given back. */
export const newcomerStreamWindow = 16 * 1024;
/** Everything that a newcomer sends, TLS and HTTP/2 included. An honest one needs 2 to 6 KiB. */
const newcomerBytes = 64 * 1024;
/** Frames of DATA in which a newcomer sends its first message; a frame of one byte costs as much as a full one. */
const newcomerChunks = 64;
/** Streams that a newcomer may open in all. An honest one opens a single one. */
const newcomerStreams = 4;

/** An honest peer pings once in 2 s at most, and sends SETTINGS once. Either is answered, so either can be asked for too often. */
const pings: Rate = { burst: 100, perSecond: 10 };
const settingsFrames: Rate = { burst: 20, perSecond: 1 };
/**
 * Streams that are refused to a peer that proved who it is. An honest agent brings many too late when it was suspended or
 * slow: all that one machine may have attached, twice.
 */
const refusals: Rate = { burst: 1024, perSecond: 20 };

export interface StreamRefusal {
  readonly code: status;
  readonly details: string;
}

/** Why a connection was ended from here. */
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

  /** Its peer has proved who it is. */
  get isProven(): boolean {
    return this.#proven;
  }

  get streams(): number {
    return this.#streams;
  }

  get exceedsNewcomerBytes(): boolean {
    return this.#socket.bytesRead > newcomerBytes;
  }

  carry(session: ServerHttp2Session): void {
    this.#session = session;
    const count = (rate: Rate): (() => void) => {
      const bucket = new TokenBucket(rate, this.#now());
      return () => void (bucket.take(1, this.#now()) || this.end('frames'));
    };
    session.on('ping', count(pings));
    session.on('remoteSettings', count(settingsFrames));
    // What is wrong with a session ends that session; Node would throw it where nobody listens.
    session.on('error', () => undefined);
  }

  /** Counts a new stream. @returns false when there is nothing to answer: the stream or the connection has ended */
  countStream(stream: ServerHttp2Stream): boolean {
    if (this.#session?.destroyed !== false) return false;
    this.#streams += 1;
    if (!this.#proven && this.#streams > newcomerStreams) this.end('streams');
    return !stream.destroyed;
  }

  /** Bounds the first message of a newcomer: until it has proved who it is, so much of it is read. */
  boundFirstMessage(stream: ServerHttp2Stream): void {
    let [bytes, chunks] = [0, 0];
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks += 1;
      if (bytes > 2 * newcomerStreamWindow || chunks > newcomerChunks) this.end('bytes');
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

  /** Answers a stream that gRPC has not seen, and frees it at once. */
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

  /** Lets what is on its way out go out; no new stream is taken. */
  close(): void {
    if (this.#session?.closed === false) this.#session.close();
  }

  /** Ends it now, with all of its streams and buffers. */
  end(breach?: Breach): void {
    if (this.#socket.destroyed) return;
    if (breach !== undefined) this.#onBreach(breach);
    this.#session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#socket.destroy();
  }
}
