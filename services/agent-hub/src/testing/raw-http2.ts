import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** RFC 9113, section 6. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;
export const setting = { headerTableSize: 1, maxConcurrentStreams: 3, initialWindowSize: 4 } as const;

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const frame = (type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
};

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export const settingsFrame = (entries: readonly (readonly [number, number])[] = []): Buffer =>
  frame(
    frameType.settings,
    0,
    0,
    Buffer.concat(
      entries.map(([id, value]) => {
        const entry = Buffer.alloc(6);
        entry.writeUInt16BE(id);
        entry.writeUInt32BE(value, 2);
        return entry;
      }),
    ),
  );

export const pingFrame = frame(frameType.ping, 0, 0, Buffer.alloc(8));

/** RFC 7541, 5.1: an integer with a prefix of 7 bits. */
const hpackLength = (length: number): Buffer => {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
};

const hpackText = (text: string): Buffer => Buffer.concat([hpackLength(text.length), Buffer.from(text)]);

/** Literal header fields. With `indexed` they enter the dynamic table, where the byte 0xbe refers to the newest one. */
export const headerBlock = (fields: Readonly<Record<string, string>>, indexed = false): Buffer =>
  Buffer.concat(
    Object.entries(fields).map(([name, value]) =>
      Buffer.concat([Buffer.from([indexed ? 0x40 : 0]), hpackText(name), hpackText(value)]),
    ),
  );

export const grpcRequest = (path: string, more: Readonly<Record<string, string>> = {}): Buffer =>
  headerBlock({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'hub',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  });

/** The prefix of a gRPC message of `length` bytes, followed by the given bytes, which may be fewer. */
export const messagePart = (length: number, bytes: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.from([0]), uint32(length), bytes]);

export interface Received {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** One HTTP/2 connection that sends any bytes and ignores all limits of the server. */
export class RawHttp2 {
  readonly socket: Socket;
  readonly frames: Received[] = [];
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  #onMessage: (() => void) | undefined;
  #pending = Buffer.alloc(0);
  #nextStream = 1;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    // For a flood, a half-close by the server counts as the end of the connection.
    socket.on('end', () => socket.destroy());
    socket.on('data', (chunk) => this.#read(chunk));
  }

  /** Connects and sends the preface. If the server refuses the connection, it is closed. */
  static async open(
    address: string,
    {
      from,
      tls,
      settings = [],
    }: { from?: string; tls?: boolean; settings?: readonly (readonly [number, number])[] } = {},
  ): Promise<RawHttp2> {
    const at = address.lastIndexOf(':');
    const [host, port] = [address.slice(0, at), Number(address.slice(at + 1))];
    const socket = connect({ host, port, ...(from === undefined ? {} : { localAddress: from }) });
    const http2 = new RawHttp2(
      tls === true ? connectTls({ socket, ALPNProtocols: ['h2'], rejectUnauthorized: false }) : socket,
    );
    await Promise.race([once(http2.socket, tls === true ? 'secureConnect' : 'connect').catch(() => {}), http2.closed]);
    http2.send(preface, settingsFrame(settings));
    return http2;
  }

  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  /** @returns false if the connection is closed or its write buffer is full */
  send(...frames: readonly Buffer[]): boolean {
    return this.isOpen && this.socket.write(frames.length === 1 ? (frames[0] ?? '') : Buffer.concat(frames));
  }

  /** Sends the same bytes repeatedly until the connection is closed or `atMost` bytes are sent. @returns the number of bytes sent */
  async flood(bytes: Buffer, atMost: number): Promise<number> {
    const chunk = Buffer.concat(Array.from({ length: Math.max(1, Math.ceil(64_000 / bytes.length)) }, () => bytes));
    return this.floodWith(() => chunk, atMost);
  }

  async floodWith(next: () => Buffer, atMost: number): Promise<number> {
    let sent = 0;
    while (this.isOpen && sent < atMost) {
      const chunk = next();
      sent += chunk.length;
      if (!this.send(chunk)) await Promise.race([once(this.socket, 'drain').catch(() => undefined), this.closed]);
    }
    return sent;
  }

  /** Takes the next stream id of a client. */
  nextStream(): number {
    const id = this.#nextStream;
    this.#nextStream += 2;
    return id;
  }

  /** Opens a stream. @returns its id */
  request(block: Buffer, flags = 0): number {
    const id = this.nextStream();
    this.send(frame(frameType.headers, flag.endHeaders | flags, id, block));
    return id;
  }

  data(streamId: number, bytes: Buffer): boolean {
    return this.send(frame(frameType.data, 0, streamId, bytes));
  }

  /** The first matching frame, received already or later. Undefined if the connection closes without one. */
  async received(wanted: (frame: Received) => boolean): Promise<Received | undefined> {
    for (;;) {
      const found = this.frames.find(wanted);
      if (found !== undefined || !this.isOpen) return found;
      await Promise.race([
        this.closed,
        new Promise<void>((resolve) => {
          this.#onMessage = resolve;
        }),
      ]);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 9) {
      const length = this.#pending.readUIntBE(0, 3);
      if (this.#pending.length < 9 + length) return;
      const [type, flags] = [this.#pending.readUInt8(3), this.#pending.readUInt8(4)];
      const streamId = this.#pending.readUInt32BE(5) & 0x7fffffff;
      this.frames.push({ type, flags, streamId, payload: this.#pending.subarray(9, 9 + length) });
      this.#pending = this.#pending.subarray(9 + length);
      this.#onMessage?.();
    }
  }
}
