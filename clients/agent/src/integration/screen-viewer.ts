import { randomBytes } from 'node:crypto';
import { type DownFrame, decodeDown, encodeUp, type UpFrame } from '@webxterm/contracts/frames';
import { type OpenStream, unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import { EmulatorWidths } from '@webxterm/stream';
import headless, { type Terminal } from '@xterm/headless';
import type { HubAttach, TestHub } from './test-hub.ts';

const window = 1024 * 1024;

/** A viewer of webxterm.v1 with an emulator, as docs/protocol.md requires: it handles each frame after rendering the previous one. */
export class ScreenViewer {
  readonly terminal: Terminal;
  /** Without output, and without reports about the foreground, which come at any time. */
  readonly frames: DownFrame[] = [];
  readonly sessionId: Buffer;
  readonly viewerId = randomBytes(16);
  offset = 0;
  /** False: neither output nor snapshots are acknowledged. */
  acks = true;
  readonly #hub: TestHub;
  #call: HubAttach | undefined;
  #typed = 0;
  #snapshotBytes = 0;
  #queue = Promise.resolve();
  #watchers: { test(): boolean; found(): void }[] = [];

  constructor(hub: TestHub, sessionId: Buffer = randomBytes(16)) {
    this.#hub = hub;
    this.sessionId = sessionId;
    this.terminal = new headless.Terminal({ cols: 80, rows: 24, scrollback: 100_000, allowProposedApi: true });
    new EmulatorWidths(this.terminal);
  }

  async attach(request: Partial<OpenStream> = {}): Promise<void> {
    const { sessionId, viewerId } = this;
    const call = await this.#hub.open({ sessionId, viewerId, ...request });
    this.#call = call;
    call.on('data', (message: Buffer) => {
      const frame = unwrapFrame(message);
      if (frame === undefined || this.#call !== call) return;
      const decoded = decodeDown(frame);
      this.#queue = this.#queue.then(() => this.#act(decoded)).then(() => this.#look());
    });
    call.on('end', () => call.end());
    await this.until(() => this.frames.some((frame) => frame.type === 'accepted'));
  }

  /** Resolves when all output sent before the agent's answer to a new ping is rendered. */
  async quiet(): Promise<void> {
    const nonce = this.of('pong').length + 1;
    this.send({ type: 'ping', scope: 'path', nonce });
    await this.until(() => this.of('pong').length >= nonce);
  }

  send(frame: UpFrame): void {
    this.#call?.write(wrapFrame(encodeUp(frame)));
  }

  type(text: string): void {
    const payload = Buffer.from(text);
    this.send({ type: 'input', offset: this.#typed, reply: false, earlier: false, payload });
    this.#typed += payload.length;
  }

  ack(): void {
    this.send({ type: 'limit', acked: this.offset, limit: this.offset + window });
  }

  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((found) => this.#watchers.push({ test, found }));
  }

  /** Resolves when the screen contains `text`. */
  seen(text: string): Promise<void> {
    return this.until(() => this.text().includes(text));
  }

  /** The lines of the screen. */
  text(): string {
    const { active } = this.terminal.buffer;
    const rows = Array.from({ length: this.terminal.rows }, (_, y) => active.getLine(active.baseY + y));
    return rows.map((line) => line?.translateToString(true) ?? '').join('\n');
  }

  of<T extends DownFrame['type']>(type: T): Extract<DownFrame, { type: T }>[] {
    const is = (frame: DownFrame): frame is Extract<DownFrame, { type: T }> => frame.type === type;
    return this.frames.filter(is);
  }

  async #act(frame: DownFrame): Promise<void> {
    if (frame.type !== 'output' && frame.type !== 'foreground') this.frames.push(frame);
    if (frame.type === 'accepted') {
      this.offset = frame.offset;
      this.terminal.resize(frame.cols, frame.rows);
      if (this.acks) this.ack();
    } else if (frame.type === 'size') this.terminal.resize(frame.cols, frame.rows);
    else if (frame.type === 'snapshot') await this.#snapshot(frame);
    else if (frame.type === 'gap') {
      if (frame.from > this.offset) throw new Error(`a gap from ${frame.from}, expected ${this.offset}`);
      this.offset = frame.to;
      if (this.acks) this.ack();
    } else if (frame.type === 'output') {
      if (frame.offset !== this.offset) throw new Error(`output at ${frame.offset}, expected ${this.offset}`);
      await this.#write(frame.payload);
      this.offset += frame.payload.length;
      if (this.acks) this.ack();
    }
  }

  async #snapshot(frame: Extract<DownFrame, { type: 'snapshot' }>): Promise<void> {
    if (this.#snapshotBytes === 0) this.terminal.reset();
    await this.#write(frame.payload);
    this.#snapshotBytes += frame.payload.length;
    if (this.acks) this.send({ type: 'snapshot_ack', bytes: this.#snapshotBytes });
    if (frame.last) this.#snapshotBytes = 0;
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((written) => this.terminal.write(bytes, written));
  }

  #look(): void {
    this.#watchers = this.#watchers.filter((watcher) => {
      if (!watcher.test()) return true;
      watcher.found();
      return false;
    });
  }
}
