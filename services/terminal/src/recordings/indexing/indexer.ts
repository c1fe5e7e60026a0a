import { AppError, type Logger, PeriodicTask, reasonOf } from '@webxterm/shared';
import type { RecordingReader } from '../reader.ts';
import type { RecordingRecord } from '../record.ts';
import { type IndexJobs, jobLeaseMs } from './index-jobs.ts';
import type { IndexStore } from './index-store.ts';
import { IndexThread } from './index-thread.ts';
import type { FromIndexWorker, IndexJob, ToIndexWorker } from './messages.ts';

export interface IndexerOptions {
  readonly jobs: IndexJobs;
  readonly store: IndexStore;
  readonly reader: Pick<RecordingReader, 'all' | 'key'>;
  /** The tokens of words are made with it. */
  readonly searchKey: Uint8Array;
  readonly logger: Logger;
  /** Called after each job. */
  readonly indexed?: (record: RecordingRecord, seconds: number, failed: boolean) => void;
}

/** How often ended recordings without an index are looked for. */
const everyMs = 2000;
/** A keyframe is due after so many bytes of chunks, or so long. With the chunk behind it, a jump reads 512 KiB at most. */
const every = { bytes: 128 * 1024, ms: 10_000 };
/** Time of the processor for a recording. Usual output takes a tenth of it: 0.4 µs for a byte. */
const cpu = { ms: 10_000, msPerMib: 4000 };
/** Keyframes by size and by time of a recording. More bytes or a longer time make them less frequent. */
const maxKeyframes = 4096;

class ClaimLost extends Error {}
class Stopping extends Error {}

/** Makes the indexes of recordings that have ended, one after the other: keyframes for jumps, and lines for the search. */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #rounds = new PeriodicTask(everyMs, () => this.#round());
  #stopped = false;
  #thread: IndexThread | undefined;

  constructor(options: IndexerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#rounds.start();
  }

  /** Gives the job in progress back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#thread?.end();
    await this.#rounds.stop();
  }

  /** Makes the index of one recording. @returns false: none waits for its index */
  async one(): Promise<boolean> {
    const { jobs, store, logger, indexed } = this.#options;
    const claimed = await jobs.claim();
    if (claimed === undefined) return false;
    const { record, job } = claimed;
    const { recording_id } = record;
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    try {
      await this.#make(record, job);
      indexed?.(record, seconds(), false);
    } catch (error) {
      await store.remove(recording_id, job);
      if (error instanceof ClaimLost) return true;
      if (this.#stopped) await jobs.release(job);
      else {
        logger.warn({ recording_id, reason: reasonOf(error) }, 'the index of a recording was not made');
        indexed?.(record, seconds(), true);
        // A damaged recording stays damaged. Any other job is begun again when its claim runs out.
        if (error instanceof AppError && error.code === 'internal') await jobs.fail(job);
      }
    }
    return true;
  }

  async #make(record: RecordingRecord, job: string): Promise<void> {
    const { jobs, store, reader } = this.#options;
    const key = reader.key(record);
    const claim = this.#holdClaim(job);
    const thread = new IndexThread(this.#jobOf(record));
    this.#thread = thread;
    const made = { keyframes: 0, lines: 0, bytes: 0, cut: false };
    let blocks = 0;
    /** @returns false: the time for it is used up */
    const add = async (message: ToIndexWorker): Promise<boolean> => {
      const { keyframe, blocks: complete, commands, cut, spent }: FromIndexWorker = await thread.next(message);
      claim.check();
      if (keyframe !== undefined) {
        made.bytes += await store.addKeyframe(key, record, job, keyframe);
        made.keyframes += 1;
      }
      for (const block of complete) {
        made.bytes += await store.addLines(key, record, job, blocks, block);
        made.lines += block.lines;
        blocks += 1;
      }
      if (commands !== undefined && commands.commands.length > 0)
        made.bytes += await store.addCommands(key, record, job, commands);
      made.cut = cut;
      return !spent;
    };
    try {
      let n = 0;
      let goesOn = true;
      for await (const plain of reader.all(record)) {
        if (this.#stopped) throw new Stopping();
        goesOn = await add({ kind: 'chunk', n, plain: new Uint8Array(plain) });
        if (!goesOn) break;
        n += 1;
      }
      if (goesOn) await add({ kind: 'end' });
      // If this holds, the recording is not being deleted yet: its deletion will find all parts.
      if (!(await jobs.renew(job))) throw new ClaimLost();
      await store.keep(record.recording_id, job);
      if (!(await jobs.complete(job, made))) throw new ClaimLost();
    } finally {
      claim.end();
      await thread.end();
      this.#thread = undefined;
    }
  }

  #jobOf({ cols, rows, stored_bytes, bytes, duration_ms }: RecordingRecord): IndexJob {
    return {
      ...{ cols, rows, searchKey: this.#options.searchKey },
      everyBytes: Math.max(every.bytes, Math.max(bytes, stored_bytes) / maxKeyframes),
      everyMs: Math.max(every.ms, duration_ms / maxKeyframes),
      cpuMs: cpu.ms + (bytes / 1024 / 1024) * cpu.msPerMib,
    };
  }

  /** Renews the claim. `check` throws as soon as another instance may have it. */
  #holdClaim(job: string): { check: () => void; end: () => void } {
    let until = performance.now() + jobLeaseMs;
    const timer = setInterval(() => {
      const asked = performance.now();
      this.#options.jobs.renew(job).then(
        (held) => {
          until = held ? asked + jobLeaseMs : 0;
        },
        () => undefined,
      );
    }, jobLeaseMs / 4);
    return {
      check: () => {
        if (performance.now() > until) throw new ClaimLost();
      },
      end: () => clearInterval(timer),
    };
  }

  /** Never fails. */
  async #round(): Promise<void> {
    try {
      while (!this.#stopped && (await this.one()));
    } catch (error) {
      this.#options.logger.warn({ reason: reasonOf(error) }, 'indexes of recordings could not be made, retrying');
    }
  }
}
