import { createHash, randomBytes } from 'node:crypto';
import { type DownFrame, decodeDown, encodeUp, maxInputFrame, type UpFrame } from '@webxterm/contracts/frames';
import { type OpenStream, unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import type { HubAttach, TestHub } from './test-hub.ts';

export type Accepted = Extract<DownFrame, { type: 'accepted' }>;

const window = 1024 * 1024;

/** A viewer of webxterm.v1 behind a hub. Keeps its position in output and input over attachments, and checks every offset. */
export class TestViewer {
  readonly viewerId = randomBytes(16);
  readonly sessionId: Buffer;
  readonly frames: DownFrame[] = [];
  /** All output before this offset was received. */
  offset = 0;
  /** All typed input. After a break it is sent again from the applied offset. */
  #typed = Buffer.alloc(0);
  #sent = 0;
  applied = 0;
  #inputLimit = 0;
  /** False: output is received but never acknowledged. */
  acks = true;
  /** Takes output in place of `text`. */
  onOutput: ((bytes: Uint8Array) => void) | undefined;
  /** Text received since the last `clear`. */
  text = '';
  /** Text of the current frame. */
  #arrived = '';
  readonly #hash = createHash('sha256');
  #hashing = false;
  #hashed = 0;
  #hub: TestHub;
  #call: HubAttach | undefined;
  #watchers: { test(): boolean; found(): void }[] = [];

  constructor(hub: TestHub, sessionId: Buffer = randomBytes(16)) {
    this.#hub = hub;
    this.sessionId = sessionId;
  }

  /** Attaches and returns the first frame. */
  async attach(request: Partial<OpenStream> = {}): Promise<DownFrame> {
    const { sessionId, viewerId } = this;
    // Later frames of the old stream are ignored, because the new one starts at the offset requested here.
    this.#call = undefined;
    const seen = this.frames.length;
    const from = request.create === true ? {} : { from: BigInt(this.offset) };
    const call = await this.#hub.open({ sessionId, viewerId, ...from, ...request });
    this.#call = call;
    call.on('data', (message: Buffer) => {
      const frame = unwrapFrame(message);
      if (frame !== undefined && this.#call === call) this.#receive(decodeDown(frame));
    });
    call.on('end', () => call.end());
    await this.until(() => this.frames.length > seen);
    const first = this.frames[seen];
    if (first === undefined) throw new Error('no first frame');
    return first;
  }

  send(frame: UpFrame): void {
    this.#call?.write(wrapFrame(encodeUp(frame)));
  }

  type(input: string | Buffer): void {
    this.#typed = Buffer.concat([this.#typed, Buffer.from(input)]);
    this.#pump();
  }

  clear(): void {
    this.text = '';
  }

  startHash(): void {
    this.#hashing = true;
  }

  get hashed(): number {
    return this.#hashed;
  }

  digest(): string {
    return this.#hash.digest('hex');
  }

  /** Acknowledges all received output. */
  ack(): void {
    this.send({ type: 'limit', acked: this.offset, limit: this.offset + window });
  }

  /** Makes round trips to the agent, so that pending events are handled. */
  async roundTrips(count: number): Promise<void> {
    for (let nonce = 1; nonce <= count; nonce += 1) {
      this.send({ type: 'ping', scope: 'path', nonce });
      await this.until(() => this.frames.some((frame) => frame.type === 'pong' && frame.nonce === nonce));
    }
  }

  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((found) => this.#watchers.push({ test, found }));
  }

  /** Searches each frame once. Searching the whole text at each frame would take time quadratic in the output. */
  seen(text: string): Promise<void> {
    if (this.text.includes(text)) return Promise.resolve();
    let tail = this.text.slice(-text.length);
    return this.until(() => {
      tail += this.#arrived;
      if (tail.includes(text)) return true;
      tail = tail.slice(-text.length);
      return false;
    });
  }

  frame<T extends DownFrame['type']>(type: T): Promise<Extract<DownFrame, { type: T }>> {
    const find = () => this.frames.findLast((frame) => frame.type === type);
    return this.until(() => find() !== undefined).then(() => find() as Extract<DownFrame, { type: T }>);
  }

  #receive(frame: DownFrame): void {
    if (frame.type === 'output') this.#output(frame);
    else this.frames.push(frame);
    if (frame.type === 'accepted') this.#accepted(frame);
    if (frame.type === 'gap') this.offset = frame.to;
    if (frame.type === 'input_ack') {
      this.applied = frame.applied;
      this.#inputLimit = frame.limit;
      this.#pump();
    }
    this.#watchers = this.#watchers.filter((watcher) => {
      if (!watcher.test()) return true;
      watcher.found();
      return false;
    });
    this.#arrived = '';
  }

  #accepted(frame: Accepted): void {
    this.offset = frame.offset;
    this.applied = frame.inputApplied;
    this.#sent = frame.inputApplied;
    this.#inputLimit = frame.inputLimit;
    this.#pump();
  }

  #output(frame: Extract<DownFrame, { type: 'output' }>): void {
    if (frame.offset !== this.offset) throw new Error(`output at ${frame.offset}, expected ${this.offset}`);
    this.offset += frame.payload.length;
    if (this.onOutput !== undefined) this.onOutput(frame.payload);
    else if (this.#hashing) {
      this.#hash.update(frame.payload);
      this.#hashed += frame.payload.length;
    } else {
      this.#arrived = Buffer.from(frame.payload).toString('latin1');
      this.text += this.#arrived;
    }
    if (this.acks) this.ack();
  }

  #pump(): void {
    while (this.#sent < Math.min(this.#typed.length, this.#inputLimit)) {
      const end = Math.min(this.#sent + maxInputFrame, this.#typed.length, this.#inputLimit);
      this.send({
        type: 'input',
        offset: this.#sent,
        reply: false,
        earlier: false,
        payload: this.#typed.subarray(this.#sent, end),
      });
      this.#sent = end;
    }
  }
}
