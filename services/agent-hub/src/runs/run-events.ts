import type { ServerResponse } from 'node:http';
import type { Run } from '@webxterm/contracts/rest';
import { runLimits } from '@webxterm/contracts/run-limits';
import { AppError, type Logger, Places } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import { EventStream, type StreamSignins } from '../event-streams/event-stream.ts';
import type { RunChange } from './run-changes.ts';

const streamLimits = {
  each: { most: 16, message: 'You already have 16 open event streams of runs.' },
  all: { most: 2000, code: 'unavailable' },
} as const;
/** The counts of a run are read at most this often for its readers. */
const countEveryMs = 500;
/** The run of a quiet stream is read this often, in case a message was lost. */
const readEveryMs = 10_000;

export interface RunEventStreamsOptions {
  readonly allowList: StreamSignins;
  /** The run with its counts. */
  readonly read: (runId: string) => Promise<Run | undefined>;
  readonly logger: Logger;
}

interface Readers {
  readonly streams: Set<EventStream>;
  timer: NodeJS.Timeout | undefined;
  /** When the timer fires, in ms of `performance.now`. */
  dueAt: number;
}

/** Server-sent events of runs. The caller has shown that a run is theirs. */
export class RunEventStreams {
  readonly #options: RunEventStreamsOptions;
  readonly #readers = new Map<string, Readers>();
  readonly #places = new Places(streamLimits);
  #ending = false;

  constructor(options: RunEventStreamsOptions) {
    this.#options = options;
  }

  /** Serves a stream until the client disconnects, the sign-in or the run ends, or the service shuts down. @throws AppError too_many_requests, unavailable */
  async serve(caller: Caller, runId: string, response: ServerResponse): Promise<void> {
    if (this.#ending) throw new AppError('unavailable');
    await this.#places.within(caller.userId, async () => {
      // One event of each machine, and one of the run.
      const stream = new EventStream(response, caller, this.#options.allowList, runLimits.targets + 1);
      const readers = this.#readers.get(runId) ?? { streams: new Set(), timer: undefined, dueAt: 0 };
      this.#readers.set(runId, readers);
      readers.streams.add(stream);
      stream.endIfOver();
      // The stream begins with the run as it is now.
      this.#readWithin(runId, readers, 0);
      try {
        await stream.ended;
      } finally {
        readers.streams.delete(stream);
        if (readers.streams.size === 0 && this.#readers.get(runId) === readers) {
          clearTimeout(readers.timer);
          this.#readers.delete(runId);
        }
      }
    });
  }

  changed({ runId, targets }: RunChange): void {
    const readers = this.#readers.get(runId);
    if (readers === undefined) return;
    // One event of each machine, so that only the latest state of each waits for a slow client.
    for (const stream of readers.streams)
      for (const target of targets) stream.send(target.agent_id, 'targets', { targets: [target] });
    this.#readWithin(runId, readers, countEveryMs);
  }

  signinChanged(sidHash: string): void {
    for (const { streams } of this.#readers.values())
      for (const stream of streams) if (stream.sidHash === sidHash) stream.endIfOver();
  }

  end(): void {
    this.#ending = true;
    for (const { streams } of this.#readers.values()) for (const stream of streams) stream.end();
  }

  /** Reads the run for its readers within this time. */
  #readWithin(runId: string, readers: Readers, ms: number): void {
    const dueAt = performance.now() + ms;
    if (readers.timer !== undefined && readers.dueAt <= dueAt) return;
    clearTimeout(readers.timer);
    readers.dueAt = dueAt;
    readers.timer = setTimeout(() => void this.#read(runId, readers), ms);
  }

  async #read(runId: string, readers: Readers): Promise<void> {
    readers.timer = undefined;
    const { read, logger } = this.#options;
    try {
      const run = await read(runId);
      for (const stream of readers.streams) {
        if (run !== undefined) stream.send('run', 'run', run);
        if (run === undefined || run.state === 'ended') stream.end();
      }
      if (run === undefined || run.state === 'ended') return;
    } catch (error) {
      logger.warn({ err: error, run_id: runId }, 'a run cannot be read for its events now; it is tried again');
    }
    if (readers.streams.size > 0) this.#readWithin(runId, readers, readEveryMs);
  }
}
