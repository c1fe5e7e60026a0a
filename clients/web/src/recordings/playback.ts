import type { RecordingChunk } from '@webxterm/contracts/rest';
import { activityOf } from './activity.ts';
import { eventsOf, keyframeOf, type RecordedEvent } from './recorded-events.ts';

/** Where chunks come from. */
export interface ChunkSource {
  /** The index from a chunk on. */
  index(first: number, signal: AbortSignal): Promise<{ chunks: readonly RecordingChunk[]; more: boolean }>;
  chunk(n: number, signal: AbortSignal): Promise<Uint8Array>;
  /** The chunks where a keyframe has the whole screen, in order. */
  keyframes(signal: AbortSignal): Promise<readonly number[]>;
  keyframe(n: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** The screen that shows the recording. */
export interface PlaybackScreen {
  reset(): void;
  /** `rendered` is called once the output has been drawn. */
  output(bytes: Uint8Array, rendered: () => void): void;
  /** Shows a part of the screen of a keyframe. */
  draw(part: Uint8Array): void;
  size(cols: number, rows: number): void;
  gap(bytes: number): void;
}

export interface PlaybackState {
  readonly state: 'loading' | 'playing' | 'paused' | 'seeking' | 'ended' | 'failed';
  /** Since the start of the session, ms. */
  readonly ms: number;
  /** Of what is stored so far, ms. */
  readonly durationMs: number;
  /** How much was shown when, in equal parts of the duration: 0 to 1 each. */
  readonly activity: readonly number[];
  readonly error?: Error;
}

/** Pauses that are longer are shortened to this, if idle time is skipped, ms. */
const longestIdleMs = 1000;
/** Output that the screen has not drawn yet. More waits. Bytes. */
const maxUndrawn = 512 * 1024;
/** Chunks that are kept: those around the position. */
const maxKept = 32;
/** How often the position is reported and the next events are looked at, ms. */
const tickMs = 30;
/** How often the index of a recording that goes on is read again, ms. */
const followMs = 2000;

/**
 * Plays a recording on a screen: chunks are fetched when they are needed. After a jump the screen is that of the keyframe before it, or is
 * built from the beginning where there is none.
 */
export class Playback {
  readonly #source: ChunkSource;
  readonly #screen: PlaybackScreen;
  readonly #changed: (state: PlaybackState) => void;
  readonly #abort = new AbortController();
  readonly #kept = new Map<number, Promise<readonly RecordedEvent[]>>();
  #index: RecordingChunk[] = [];
  #keyframes: readonly number[] = [];
  #activity: readonly number[] = [];
  #shown = false;
  /** The index was read after the recording had ended. */
  #indexIsWhole = false;
  #state: PlaybackState['state'] = 'loading';
  #error: Error | undefined;
  #wantsToPlay = false;
  #ms = 0;
  /** The next event. */
  #chunk = 0;
  #event = 0;
  #undrawn = 0;
  #lastTick = 0;
  /** Increases with each jump, which ends the work of the one before. */
  #jump = 0;
  speed = 1;
  skipsIdle = true;
  /** The recording goes on, so its index grows. */
  follows: boolean;

  constructor(
    source: ChunkSource,
    screen: PlaybackScreen,
    changed: (state: PlaybackState) => void,
    { follows }: { follows: boolean },
  ) {
    this.#source = source;
    this.#screen = screen;
    this.#changed = changed;
    this.follows = follows;
  }

  /** Reads the index, shows the beginning or the moment `atMs`, and then waits, or plays. */
  async start(atMs: number, play: boolean): Promise<void> {
    this.#wantsToPlay = play;
    try {
      await Promise.all([this.#readIndex(), this.#readKeyframes()]);
      await this.seek(atMs);
      this.#lastTick = performance.now();
      while (!this.#abort.signal.aborted) {
        await this.#tick();
        await new Promise((resolve) => setTimeout(resolve, tickMs));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  play(): void {
    if (this.#state === 'ended') void this.seek(0).then(() => this.play());
    else {
      this.#wantsToPlay = true;
      if (this.#state === 'paused') this.#become('playing');
    }
  }

  pause(): void {
    this.#wantsToPlay = false;
    if (this.#state === 'playing') this.#become('paused');
  }

  get playing(): boolean {
    return this.#wantsToPlay;
  }

  /** Shows the moment `ms`. */
  async seek(ms: number): Promise<void> {
    this.#jump += 1;
    const jump = this.#jump;
    const target = Math.min(Math.max(0, ms), this.durationMs);
    this.#become('seeking');
    try {
      await this.#approach(target, jump);
      if (jump !== this.#jump) return;
      for (;;) {
        const next = await this.#next();
        if (jump !== this.#jump || this.#abort.signal.aborted) return;
        if (next === undefined || next.ms > target) break;
        await this.#show(next);
        if (jump !== this.#jump) return;
      }
      this.#ms = target;
      this.#become(this.#wantsToPlay ? 'playing' : 'paused');
    } catch (error) {
      this.#fail(error);
    }
  }

  dispose(): void {
    this.#jump += 1;
    this.#abort.abort();
    this.#kept.clear();
  }

  get durationMs(): number {
    return this.#index.at(-1)?.ms_to ?? 0;
  }

  /** Brings the screen to a place before the moment: where it is, at a keyframe, or at the beginning. */
  async #approach(target: number, jump: number): Promise<void> {
    const back = target < this.#ms || !this.#shown;
    if (back && this.#keyframes.length === 0 && this.#shown) await this.#readKeyframes();
    const at = this.#keyframes.findLast((n) => (this.#index[n]?.ms_from ?? Number.POSITIVE_INFINITY) <= target);
    const chunk = at === undefined ? undefined : this.#index[at];
    if (jump !== this.#jump || (!back && (at === undefined || at <= this.#chunk))) return;
    this.#shown = true;
    if (at === undefined || at === 0 || chunk === undefined) return this.#rewind();
    void this.#events(chunk).catch(() => undefined);
    const { cols, rows, state, held } = keyframeOf(await this.#source.keyframe(at, this.#abort.signal));
    if (jump !== this.#jump) return;
    this.#screen.reset();
    this.#screen.size(cols, rows);
    for (const part of state) this.#screen.draw(part);
    for (const part of held) this.#screen.output(part, () => {});
    this.#chunk = at;
    this.#event = 0;
    this.#ms = chunk.ms_from;
  }

  #rewind(): void {
    this.#screen.reset();
    this.#chunk = 0;
    this.#event = 0;
    this.#ms = 0;
  }

  async #tick(): Promise<void> {
    const now = performance.now();
    const passed = now - this.#lastTick;
    this.#lastTick = now;
    if (this.#state !== 'playing') return;
    const jump = this.#jump;
    this.#ms += passed * this.speed;
    for (;;) {
      const next = await this.#next();
      if (jump !== this.#jump) return;
      if (next === undefined) return this.#atEnd();
      if (this.skipsIdle && next.ms - this.#ms > longestIdleMs * this.speed)
        this.#ms = next.ms - longestIdleMs * this.speed;
      if (next.ms > this.#ms) break;
      await this.#show(next);
      if (jump !== this.#jump) return;
    }
    // The time in which a chunk was fetched or drawn does not count.
    this.#lastTick = performance.now();
    this.#report();
  }

  /** All events of the index were shown. Looks for more, unless the whole index is known. */
  async #atEnd(): Promise<void> {
    const jump = this.#jump;
    this.#ms = this.durationMs;
    this.#report();
    if (this.follows) await new Promise((resolve) => setTimeout(resolve, followMs));
    const before = this.#index.length;
    if (!this.#indexIsWhole) await this.#readIndex();
    this.#lastTick = performance.now();
    if (!this.#indexIsWhole || this.#index.length > before || jump !== this.#jump) return;
    this.#wantsToPlay = false;
    this.#become('ended');
  }

  async #readIndex(): Promise<void> {
    const whole = !this.follows;
    for (;;) {
      const { chunks, more } = await this.#source.index(this.#index.length, this.#abort.signal);
      this.#index.push(...chunks);
      if (!more || chunks.length === 0) break;
    }
    this.#indexIsWhole = whole;
    this.#activity = activityOf(this.#index);
  }

  /** A recording without keyframes is played from the beginning. */
  async #readKeyframes(): Promise<void> {
    if (!this.follows) this.#keyframes = await this.#source.keyframes(this.#abort.signal);
  }

  /** The next event. Undefined: there is none so far. */
  async #next(): Promise<RecordedEvent | undefined> {
    const jump = this.#jump;
    for (;;) {
      const chunk = this.#index[this.#chunk];
      if (chunk === undefined) return undefined;
      const events = await this.#events(chunk);
      // The caller sees it too, and gives up.
      if (jump !== this.#jump) return undefined;
      const next = events[this.#event];
      if (next !== undefined) return next;
      this.#chunk += 1;
      this.#event = 0;
    }
  }

  #events(chunk: RecordingChunk): Promise<readonly RecordedEvent[]> {
    const load = ({ n, ms_from }: RecordingChunk): Promise<readonly RecordedEvent[]> => {
      const kept = this.#kept.get(n);
      if (kept !== undefined) return kept;
      const loading = this.#source.chunk(n, this.#abort.signal).then((bytes) => eventsOf(bytes, ms_from));
      loading.catch(() => this.#kept.delete(n));
      this.#kept.set(n, loading);
      for (const [oldest] of this.#kept) if (this.#kept.size > maxKept) this.#kept.delete(oldest);
      return loading;
    };
    const events = load(chunk);
    const following = this.#index[this.#chunk + 1];
    if (following !== undefined && this.#state !== 'seeking') void load(following).catch(() => undefined);
    return events;
  }

  /** Shows an event, once the screen has drawn enough of what came before. */
  async #show(event: RecordedEvent): Promise<void> {
    this.#event += 1;
    this.#ms = Math.max(this.#ms, event.ms);
    if (event.kind === 'size') this.#screen.size(event.cols, event.rows);
    else if (event.kind === 'gap') this.#screen.gap(event.bytes);
    else {
      const { length } = event.bytes;
      this.#undrawn += length;
      await new Promise<void>((resolve) => {
        const full = this.#undrawn > maxUndrawn;
        this.#screen.output(event.bytes, () => {
          this.#undrawn -= length;
          if (full) resolve();
        });
        if (!full) resolve();
      });
    }
  }

  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#wantsToPlay = false;
    this.#error = error instanceof Error ? error : new Error(String(error));
    this.#become('failed');
  }

  #become(state: PlaybackState['state']): void {
    this.#state = state;
    this.#lastTick = performance.now();
    this.#report();
  }

  #report(): void {
    if (this.#abort.signal.aborted) return;
    this.#changed({
      state: this.#state,
      ms: this.#ms,
      durationMs: this.durationMs,
      activity: this.#activity,
      ...(this.#error !== undefined && { error: this.#error }),
    });
  }
}
