import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';

export interface Refusal {
  status: number;
  body: Record<string, unknown>;
}

/** A foreign terminal client: plain WebSocket, no subprotocol; it counts its bytes so that it can come back. */
export class RawTerminal {
  readonly sessionId: string;
  readonly viewerId: string;
  readonly requestId: string;
  /** The absolute offset behind the last byte received. */
  offset: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #joined = Buffer.alloc(0);
  readonly closed: Promise<{ code: number; reason: string }>;
  #end: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;
  #changed: () => void = () => {};

  private constructor(socket: WebSocket, response: IncomingMessage) {
    this.#socket = socket;
    this.sessionId = String(response.headers['x-session-id']);
    this.viewerId = String(response.headers['x-viewer-id']);
    this.requestId = String(response.headers['x-request-id']);
    this.offset = Number(response.headers['x-stream-offset']);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#end = { code, reason: String(reason) };
        resolve(this.#end);
        this.#changed();
      });
    });
    socket.on('message', (bytes: Buffer) => {
      this.offset += bytes.length;
      this.#chunks.push(bytes);
      this.#length += bytes.length;
      this.#changed();
    });
    socket.on('error', () => {});
  }

  /** @throws a Refusal when the upgrade is refused */
  static open(url: string, agentId: string, query: Record<string, string | number>): Promise<RawTerminal> {
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    );
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/terminal/${agentId}/ws?${search}`, {
        perMessageDeflate: false,
      });
      let response: IncomingMessage | undefined;
      socket.once('upgrade', (message) => {
        response = message;
        // The first output may be in the same packet as the upgrade: listen before it is read.
        resolve(new RawTerminal(socket, response));
      });
      socket.once('unexpected-response', (_request, message: IncomingMessage) => {
        let text = '';
        message.on('data', (chunk) => {
          text += String(chunk);
        });
        message.on('end', () =>
          reject({ status: message.statusCode ?? 0, body: JSON.parse(text || '{}') } satisfies Refusal),
        );
      });
      socket.once('error', reject);
    });
  }

  /** Everything received so far. Joined when it is looked at: a flood is not copied once per message. */
  get output(): Buffer {
    if (this.#joined.length !== this.#length) {
      this.#joined = Buffer.concat([this.#joined, ...this.#chunks.splice(0)]);
    }
    return this.#joined;
  }

  get received(): number {
    return this.#length;
  }

  async type(input: string | Uint8Array): Promise<void> {
    if (this.#socket.readyState === WebSocket.CONNECTING)
      await new Promise((resolve) => this.#socket.once('open', resolve));
    this.#socket.send(input);
  }

  /** Resolves when `found` says so of all the output so far; rejects when the socket closes first or the time is over. */
  async until(what: string, found: (terminal: RawTerminal) => boolean, timeoutMs = 20_000): Promise<void> {
    const late = AbortSignal.timeout(timeoutMs);
    while (!found(this)) {
      if (this.#end !== undefined)
        throw new Error(
          `${what}: the socket closed first, ${this.#end.code} ${this.#end.reason}, after ${JSON.stringify(this.output.subarray(-300).toString('latin1'))}`,
        );
      await new Promise<void>((resolve, reject) => {
        this.#changed = resolve;
        late.onabort = () =>
          reject(
            new Error(
              `${what}: not within ${timeoutMs} ms, after ${JSON.stringify(this.output.subarray(-300).toString('latin1'))}`,
            ),
          );
      });
    }
  }

  untilText(text: string, timeoutMs?: number): Promise<void> {
    return this.until(`output of ${JSON.stringify(text)}`, (terminal) => terminal.output.includes(text), timeoutMs);
  }

  /** Runs a line and waits until it is done; its own echo cannot be mistaken for the mark. */
  async run(line: string): Promise<void> {
    const mark = `done${Math.random().toString(36).slice(2)}`;
    await this.type(`${line}; printf '%s.%s\\n' ${mark} x\n`);
    await this.untilText(`${mark}.x`);
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** As a cable that is pulled: no close frame. */
  cut(): void {
    this.#socket.terminate();
  }
}
