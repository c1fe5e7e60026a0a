import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { bundled } from '../bundled.ts';
import { watchDrawing } from './drawing-watch.ts';
import type { FromScreens, ScreenSnapshot, ToScreens } from './messages.ts';
import { Screen } from './screen.ts';

/** Limit of bytes of all sessions on their way to the emulators. Beyond it a screen is abandoned. */
const maxTotalBacklog = 16 * 1024 * 1024;
/** Longest wait of a viewer for a snapshot. */
const snapshotWithinMs = 3000;
/** Heap limit of the worker, MiB. A screen that exceeds it ends the worker, not the agent. */
const maxHeapMib = 256;
/** After this many failures that no session's output caused, the worker is not restarted. */
const maxFailures = 3;
/** After this many failures caused by one session's output, its screen is no longer drawn. */
const maxStrikes = 3;
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
    this.#stopWatch = watchDrawing(worker, this.#bounds.stuckMs, () =>
      this.#fail(new Error('a terminal is drawn for too long')),
    );
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
