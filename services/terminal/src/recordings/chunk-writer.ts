import { setTimeout as passed } from 'node:timers/promises';
import { jittered, waitAfter } from '@webxterm/contracts/back-off';
import { type Logger, reasonOf } from '@webxterm/shared';
import type { BuiltChunk } from './chunk-builder.ts';
import { chainHash, sealChunk } from './chunk-codec.ts';
import { ChunkExists, type ChunkStore } from './chunk-store.ts';
import type { RecordingClaims } from './claims.ts';
import type { ChunkRecord, RecordingRecord } from './record.ts';

export interface ChunkWriterOptions {
  readonly record: RecordingRecord;
  readonly key: Buffer;
  readonly chunks: ChunkStore;
  readonly claims: Pick<RecordingClaims, 'grown'>;
  /** All output before this offset is stored. */
  readonly stored: (offset: number) => void;
  /** Another instance records this session now. No chunk is written any more. */
  readonly lost: () => void;
  readonly logger: Logger;
}

/** Between the tries to write a chunk. */
const backOff = { firstMs: 200, longestMs: 5000 };

/** Writes the chunks of one recording one after the other, and tries each until it is stored. */
export class ChunkWriter {
  readonly #options: ChunkWriterOptions;
  readonly #stopping = new AbortController();
  readonly #waiting: BuiltChunk[] = [];
  #n: number;
  #hash: string;
  #waitingBytes = 0;
  #running: Promise<void> | undefined;

  constructor(options: ChunkWriterOptions) {
    this.#options = options;
    this.#n = options.record.chunks;
    this.#hash = options.record.chain_head;
  }

  /** Bytes of chunks that are not stored. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  push(chunk: BuiltChunk): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.plain.length;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when all chunks are stored, or after `stop`. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Gives up the chunks that are not stored. */
  stop(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#stopping.signal.aborted) return;
      await this.#write(next);
      this.#waiting.shift();
      this.#waitingBytes -= next.plain.length;
      if (this.#stopping.signal.aborted) return;
      this.#options.stored(next.to);
    }
  }

  async #write(built: BuiltChunk): Promise<void> {
    const { record, key, chunks, claims } = this.#options;
    const { plain, ...place } = built;
    const n = this.#n;
    const body = await sealChunk(key, record.recording_id, n, plain);
    const sealed = { ...place, recording_id: record.recording_id, n, size: plain.length, body };
    const chunk: ChunkRecord = { ...sealed, stored: body.length, hash: chainHash(this.#hash, sealed) };
    const { body: _body, ...entry } = chunk;
    await this.#untilDone(async () => chunks.append(chunk));
    await this.#untilDone(async () => {
      if (!(await claims.grown(record.lease?.token ?? '', entry))) throw new ChunkExists('the claim is lost');
    });
    this.#n += 1;
    this.#hash = chunk.hash;
  }

  async #untilDone(act: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        return await act();
      } catch (error) {
        if (error instanceof ChunkExists) {
          this.stop();
          this.#options.lost();
          return;
        }
        const { recording_id } = this.#options.record;
        if (tries === 0)
          this.#options.logger.warn(
            { recording_id, reason: reasonOf(error) },
            'a recording cannot be written, retrying',
          );
        await passed(jittered(waitAfter(backOff, tries + 1), Math.random()), undefined, { signal }).catch(
          () => undefined,
        );
      }
    }
  }
}
