import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One response as received. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const json = (answer: RawAnswer): Record<string, unknown> => JSON.parse(answer.body);

/** A connection on which a test writes arbitrary bytes. */
export class RawClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  readonly #closed: Promise<unknown>;

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: false });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    this.#closed = once(this.socket, 'close');
  }

  write(text: string | Buffer): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves when the gateway has closed the connection. */
  async closed(): Promise<void> {
    await this.#closed;
  }

  /** The next complete response. The bytes after it remain for the next call. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const parsed = takeAnswer(this.#received);
      if (parsed !== undefined) {
        this.#received = parsed.rest;
        return parsed.answer;
      }
      await this.#more();
    }
  }

  /** Exactly `count` bytes that no earlier call has returned. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#received.length < count) await this.#more();
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.#received.toString('latin1'))}`);
    await Promise.race([once(this.socket, 'data'), this.#closed]);
  }
}

const takeAnswer = (bytes: Buffer): { answer: RawAnswer; rest: Buffer } | undefined => {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const status = Number(statusLine.split(' ')[1]);
  const from = end + 4;
  if (headers['transfer-encoding'] === 'chunked') return takeChunked(bytes, from, status, headers);
  const to = from + (status === 101 || status === 204 ? 0 : Number(headers['content-length'] ?? 0));
  if (bytes.length < to) return undefined;
  return { answer: { status, headers, body: bytes.subarray(from, to).toString('utf8') }, rest: bytes.subarray(to) };
};

const takeChunked = (bytes: Buffer, from: number, status: number, headers: Record<string, string>) => {
  const end = bytes.indexOf('0\r\n\r\n', from);
  if (end === -1) return undefined;
  const body = bytes
    .subarray(from, end)
    .toString('utf8')
    .replaceAll(/(^|\r\n)[0-9a-f]+\r\n/g, '')
    .trimEnd();
  return { answer: { status, headers, body }, rest: bytes.subarray(end + 5) };
};

/** Sends one request (its head lines and a body) on a new connection. */
export const exchange = async (port: number, lines: readonly string[], body = ''): Promise<RawAnswer> => {
  const client = new RawClient(port);
  client.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  try {
    return await client.answer();
  } finally {
    client.socket.destroy();
  }
};

/** A connection from another loopback address, once it is established. */
export const connectFrom = (localAddress: string, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    socket.once('connect', () => resolve(socket)).once('error', reject);
    socket.on('close', () => undefined).resume();
  });
