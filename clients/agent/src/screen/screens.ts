import { Worker } from 'node:worker_threads';
import type { SizeMark, SizeMarks } from '@webxterm/stream';
import type { Logger } from 'pino';
import { bundled } from '../bundled.ts';
import type { FromScreens, ScreenSnapshot, ToScreens } from './messages.ts';

/** Limits of bytes on their way to the emulators, per session and in total. Beyond them a screen is abandoned. */
export const maxBacklog = 4 * 1024 * 1024;
const maxTotalBacklog = 16 * 1024 * 1024;
/** Longest wait of a viewer for a snapshot. */
const snapshotWithinMs = 3000;
/** Heap limit of the worker, MiB. A screen that exceeds it ends the worker, not the agent. */
const maxHeapMib = 256;
/** After this many failures that no session's output caused, the worker is not restarted. */
const maxFailures = 3;
/** After this many failures caused by one session's output, its screen is no longer drawn. */
const maxStrikes = 3;
/** The processor time of a long piece is read this many times within its bound. */
const checksPerBound = 10;
/** In the package, the worker is beside the chunks. */
const workerUrl = new URL(bundled ? './screen-worker.js' : './screen-worker.ts', import.meta.url);

export type ScreenLog = Pick<Logger, 'warn'>;

/** Limits at which the worker is ended. */
export type ScreenBounds = {
  /** Bytes of the buffers of all screens, which hold the cells outside the heap. */
  maxBufferBytes: number;
  /**
   * Most processor time (ms) of the worker to draw a piece of 64 KiB, which normally takes a few ms. Not the time of a clock: the worker has
   * a low priority, and on a busy machine it waits for long.
   */
  stuckMs: number;
};
const usualBounds: ScreenBounds = { maxBufferBytes: 256 * 1024 * 1024, stuckMs: 10_000 };

/** The screens of all sessions, drawn in one worker. It starts when the first byte leaves a ring. */
export class Screens {
  readonly #log: ScreenLog;
  readonly #bounds: ScreenBounds;
  readonly #open = new Map<number, Screen>();
  readonly #asked = new Map<number, (snapshot: ScreenSnapshot | undefined) => void>();
  #worker: Worker | undefined;
  #lastId = 0;
  #backlog = 0;
  #failures = 0;
  /** Screen ids of the pieces on their way, oldest first. The worker draws in this order. */
  #drawing: number[] = [];
  #ready = false;
  #stopWatch: () => void = () => {};

  constructor(log: ScreenLog, bounds: ScreenBounds = usualBounds) {
    this.#log = log;
    this.#bounds = bounds;
  }

  /** Opens the screen of a session, or continues one. It uses no resources until it has output. */
  open(snapshot?: ScreenSnapshot): Screen {
    this.#lastId += 1;
    const id = this.#lastId;
    const screen = new Screen({
      feed: (offset, bytes, sizes) => this.#feed({ kind: 'feed', id, offset, bytes, sizes }),
      ask: () => this.#ask(id),
      drop: () => this.#worker?.postMessage({ kind: 'close', id } satisfies ToScreens),
      closed: () => this.#close(id),
    });
    this.#open.set(id, screen);
    if (snapshot === undefined) return screen;
    this.#worker ??= this.#start();
    this.#worker?.postMessage({ kind: 'restore', id, snapshot } satisfies ToScreens);
    screen.continueFrom(snapshot);
    return screen;
  }

  /** @returns false if too many bytes are on their way, or there is no worker */
  #feed(message: Extract<ToScreens, { kind: 'feed' }>): boolean {
    if (this.#backlog + message.bytes.length > maxTotalBacklog) return false;
    this.#worker ??= this.#start();
    if (this.#worker === undefined) return false;
    this.#backlog += message.bytes.length;
    this.#drawing.push(message.id);
    if (this.#drawing.length === 1) this.#watch();
    this.#worker.postMessage(message, [message.bytes.buffer]);
    return true;
  }

  /** Starts the bound for drawing the first piece. */
  #watch(): void {
    this.#stopWatch();
    const worker = this.#worker;
    if (!this.#ready || worker === undefined || this.#drawing.length === 0) return;
    let timer: NodeJS.Timeout;
    let stopped = false;
    const lookLater = (beganAtMs?: number): void => {
      timer = setTimeout(() => void look(beganAtMs), this.#bounds.stuckMs / checksPerBound);
      timer.unref();
    };
    const look = async (beganAtMs?: number): Promise<void> => {
      const usedMs = await processorTimeMs(worker);
      if (stopped || usedMs === undefined) return;
      if (beganAtMs !== undefined && usedMs - beganAtMs >= this.#bounds.stuckMs)
        this.#fail(new Error('a terminal is drawn for too long'));
      else lookLater(beganAtMs ?? usedMs);
    };
    this.#stopWatch = () => {
      stopped = true;
      clearTimeout(timer);
    };
    lookLater();
  }

  #ask(id: number): Promise<ScreenSnapshot | undefined> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve(undefined);
    this.#lastId += 1;
    const request = this.#lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answer(request, undefined), snapshotWithinMs);
      this.#asked.set(request, (snapshot) => {
        clearTimeout(timer);
        resolve(snapshot);
      });
      worker.postMessage({ kind: 'snapshot', id, request } satisfies ToScreens);
    });
  }

  #answer(request: number, snapshot: ScreenSnapshot | undefined): void {
    this.#asked.get(request)?.(snapshot);
    this.#asked.delete(request);
  }

  #close(id: number): void {
    this.#open.delete(id);
    this.#worker?.postMessage({ kind: 'close', id } satisfies ToScreens);
    if (this.#open.size === 0) this.#stop();
  }

  #start(): Worker | undefined {
    if (this.#failures >= maxFailures) return undefined;
    const worker = new Worker(workerUrl, {
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
    });
    worker.postMessage({ kind: 'start', maxBufferBytes: this.#bounds.maxBufferBytes } satisfies ToScreens);
    worker.unref();
    worker.on('message', (message: FromScreens) => {
      if (this.#worker !== worker) return;
      if (message.kind === 'ready') {
        this.#ready = true;
        this.#watch();
      } else if (message.kind === 'snapshot') this.#answer(message.request, message.snapshot);
      else this.#fed(message.id, message.length);
    });
    worker.on('error', (err) => {
      if (this.#worker === worker) this.#fail(err);
    });
    return worker;
  }

  #fed(id: number, length: number): void {
    this.#backlog -= length;
    this.#drawing.shift();
    this.#watch();
    this.#open.get(id)?.fed(length);
  }

  /** Handles a failed or stuck worker. It is restarted for later output, but not without limit for the session that caused the failure. */
  #fail(err: unknown): void {
    const cause = this.#drawing[0];
    const screen = cause === undefined ? undefined : this.#open.get(cause);
    if (screen === undefined) this.#failures += 1;
    else screen.strike(maxStrikes);
    this.#log.warn({ err }, 'the screens of terminals are lost; viewers that come late see what is in the ring');
    this.#stop();
  }

  #stop(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#backlog = 0;
    this.#drawing = [];
    this.#ready = false;
    this.#watch();
    for (const request of [...this.#asked.keys()]) this.#answer(request, undefined);
    for (const screen of this.#open.values()) screen.gone();
    void worker?.terminate();
  }
}

/** @returns undefined if the worker has ended */
const processorTimeMs = async (worker: Worker): Promise<number | undefined> => {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  } catch {
    return undefined;
  }
};

type ScreenWays = {
  feed(offset: number, bytes: Uint8Array<ArrayBuffer>, sizes: SizeMark[]): boolean;
  ask(): Promise<ScreenSnapshot | undefined>;
  /** Discards the emulator. More output may follow. */
  drop(): void;
  closed(): void;
};

/** Bytes are passed on in pieces of this size. */
const pieceSize = 64 * 1024;
const lineFeed = 0x0a;

/**
 * Output that has left one session's ring, on its way to its emulator. If the emulator cannot keep up, a new one starts at a later line.
 */
export class Screen {
  readonly #ways: ScreenWays;
  #piece: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #pieceOffset = 0;
  #sizes: SizeMark[] = [];
  #size: SizeMark | undefined;
  #backlog = 0;
  #state: 'new' | 'drawing' | 'lost' = 'new';
  #strikes = 0;
  #givenUp = false;

  constructor(ways: ScreenWays) {
    this.#ways = ways;
  }

  /** The emulator has the screen of this snapshot. */
  continueFrom({ offset, cols, rows }: ScreenSnapshot): void {
    this.#state = 'drawing';
    this.#size = { offset, cols, rows };
  }

  /** Takes bytes that leave the ring. They follow those of the previous call. */
  evicted(offset: number, bytes: Uint8Array, marks: SizeMarks): void {
    if (this.#givenUp) return;
    let from = 0;
    if (this.#state === 'lost') {
      const line = this.#backlog > 0 ? -1 : bytes.indexOf(lineFeed);
      if (line < 0) return;
      from = line + 1;
    }
    this.#state = 'drawing';
    while (from < bytes.length && this.#state === 'drawing') {
      if (this.#filled === 0) this.#pieceOffset = offset + from;
      const take = Math.min(bytes.length - from, pieceSize - this.#filled);
      this.#noteSizes(offset + from, offset + from + take, marks);
      this.#piece ??= new Uint8Array(pieceSize);
      this.#piece.set(bytes.subarray(from, from + take), this.#filled);
      this.#filled += take;
      from += take;
      if (this.#filled === pieceSize) this.#flush();
    }
  }

  /** The screen after all output that has left the ring. Undefined if it is unknown. */
  async snapshot(): Promise<ScreenSnapshot | undefined> {
    if (this.#state !== 'drawing') return undefined;
    this.#flush();
    return this.#ways.ask();
  }

  /** `length` bytes are drawn. */
  fed(length: number): void {
    this.#backlog = Math.max(0, this.#backlog - length);
  }

  /** The emulator is lost, with all bytes on their way to it. */
  gone(): void {
    this.#backlog = 0;
    if (this.#state === 'drawing') this.#lose();
  }

  /** Its output made the worker fail. After `most` times it gets no more output. */
  strike(most: number): void {
    this.#strikes += 1;
    this.#givenUp = this.#strikes >= most;
  }

  close(): void {
    this.#ways.closed();
  }

  #noteSizes(from: number, to: number, marks: SizeMarks): void {
    for (const { offset, cols, rows } of marks.since(from)) {
      if (offset >= to) return;
      if (cols === this.#size?.cols && rows === this.#size.rows) continue;
      this.#size = { offset: Math.max(offset, from), cols, rows };
      this.#sizes.push(this.#size);
    }
  }

  #flush(): void {
    if (this.#piece === undefined || this.#filled === 0) return;
    const whole = this.#filled === pieceSize;
    const bytes = whole ? this.#piece : this.#piece.slice(0, this.#filled);
    if (whole) this.#piece = undefined;
    const length = this.#filled;
    this.#filled = 0;
    const sizes = this.#sizes;
    this.#sizes = [];
    if (this.#backlog + length > maxBacklog || !this.#ways.feed(this.#pieceOffset, bytes, sizes)) {
      this.#ways.drop();
      this.#lose();
      return;
    }
    this.#backlog += length;
  }

  #lose(): void {
    this.#state = 'lost';
    this.#piece = undefined;
    this.#filled = 0;
    this.#sizes = [];
    this.#size = undefined;
  }
}
