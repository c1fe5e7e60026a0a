import { Worker } from 'node:worker_threads';
import type { SizeMark, SizeMarks } from '@webxterm/stream';
import type { Logger } from 'pino';
import { bundled } from '../bundled.ts';
import type { FromScreens, ScreenSnapshot, ToScreens } from './messages.ts';

/** Bytes on their way to the emulators, for one session and for all; beyond them a screen is given up. */
export const maxBacklog = 4 * 1024 * 1024;
const maxTotalBacklog = 16 * 1024 * 1024;
/** A viewer does not wait longer for a snapshot. */
const snapshotWithinMs = 3000;
/** The emulators' memory, MiB: a screen that needs more ends the worker, not the agent. */
const maxHeapMib = 256;
/** After so many of its deaths that no session's output caused, it is not started again. */
const maxFailures = 3;
/** After so many deaths that a session's output caused, that session's screen is drawn no more. */
const maxStrikes = 3;
/** In the package it lies beside the chunks. */
const workerUrl = new URL(bundled ? './screen-worker.js' : './screen-worker.ts', import.meta.url);

export type ScreenLog = Pick<Logger, 'warn'>;

/** When the worker is ended. */
export type ScreenBounds = {
  /** Of the buffers of all screens together: the cells are in them, outside the heap. */
  maxBufferBytes: number;
  /** A piece of 64 KiB takes a few ms to draw, and this at most, ms. */
  stuckMs: number;
};
const usualBounds: ScreenBounds = { maxBufferBytes: 256 * 1024 * 1024, stuckMs: 10_000 };

/** The screens of all sessions, drawn in one worker that starts when the first byte leaves a ring. */
export class Screens {
  readonly #log: ScreenLog;
  readonly #bounds: ScreenBounds;
  readonly #open = new Map<number, Screen>();
  readonly #asked = new Map<number, (snapshot: ScreenSnapshot | undefined) => void>();
  #worker: Worker | undefined;
  #lastId = 0;
  #backlog = 0;
  #failures = 0;
  /** Whose pieces are on their way, oldest first: the worker draws them in this order. */
  #drawing: number[] = [];
  #ready = false;
  #stopWatch: NodeJS.Timeout | undefined;

  constructor(log: ScreenLog, bounds: ScreenBounds = usualBounds) {
    this.#log = log;
    this.#bounds = bounds;
  }

  /** A session's screen. It costs nothing until it is fed. */
  open(): Screen {
    this.#lastId += 1;
    const id = this.#lastId;
    const screen = new Screen({
      feed: (offset, bytes, sizes) => this.#feed({ kind: 'feed', id, offset, bytes, sizes }),
      ask: () => this.#ask(id),
      drop: () => this.#worker?.postMessage({ kind: 'close', id } satisfies ToScreens),
      closed: () => this.#close(id),
    });
    this.#open.set(id, screen);
    return screen;
  }

  /** @returns false when there is too much on its way already, or no worker */
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

  /** The piece that is first now has to be drawn in time. */
  #watch(): void {
    clearTimeout(this.#stopWatch);
    this.#stopWatch = undefined;
    if (!this.#ready || this.#drawing.length === 0) return;
    this.#stopWatch = setTimeout(() => this.#fail(new Error('a terminal is drawn for too long')), this.#bounds.stuckMs);
    this.#stopWatch.unref();
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

  /** The worker is dead or has to be: it starts anew with what comes, but not for ever for what killed it. */
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

type ScreenWays = {
  feed(offset: number, bytes: Uint8Array<ArrayBuffer>, sizes: SizeMark[]): boolean;
  ask(): Promise<ScreenSnapshot | undefined>;
  /** Nothing of it is wanted any more, but more may come. */
  drop(): void;
  closed(): void;
};

/** Bytes are handed over in pieces of this size. */
const pieceSize = 64 * 1024;
const lineFeed = 0x0a;

/** What leaves one session's ring, on its way to its emulator. Where that cannot follow, it starts anew at a later line. */
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

  /** These bytes leave the ring: those of the call before came right before them. */
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

  /** The screen as what left the ring up to now drew it; undefined when that is not known. */
  async snapshot(): Promise<ScreenSnapshot | undefined> {
    if (this.#state !== 'drawing') return undefined;
    this.#flush();
    return this.#ways.ask();
  }

  /** So many bytes are drawn. */
  fed(length: number): void {
    this.#backlog = Math.max(0, this.#backlog - length);
  }

  /** The emulator is gone with all that was on its way. */
  gone(): void {
    this.#backlog = 0;
    if (this.#state === 'drawing') this.#lose();
  }

  /** What it was fed killed the worker; after so many times it is fed nothing more. */
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
