import { AppError } from '@webxterm/shared';
import { chainHash, chainStart, openChunk } from './chunk-codec.ts';
import type { ChunkEntry, ChunkStore } from './chunk-store.ts';
import type { DataKeys } from './data-keys.ts';
import type { RecordingRecord } from './record.ts';

export interface RecordingReaderOptions {
  readonly chunks: ChunkStore;
  readonly keys: DataKeys;
}

const damaged = (what: string): AppError =>
  new AppError('internal', `This recording is damaged: ${what}. It was changed in the store, or a part is missing.`);

/** Reads the chunks of recordings, and finds changed, missing and reordered ones. */
export class RecordingReader {
  readonly #options: RecordingReaderOptions;

  constructor(options: RecordingReaderOptions) {
    this.#options = options;
  }

  index(recordingId: string, first: number, limit: number): Promise<ChunkEntry[]> {
    return this.#options.chunks.list(recordingId, first, limit);
  }

  /** The frames of a chunk, each behind its length. @throws AppError recording_not_found; internal if it is damaged */
  async read(record: RecordingRecord, n: number): Promise<Buffer> {
    if (n >= record.chunks) throw new AppError('recording_not_found', 'This recording has no chunk of that number.');
    const { plain } = await this.#open(record, n);
    return plain;
  }

  /**
   * All chunks in order. The hash chain is compared with the row in the end.
   * @throws AppError internal if a chunk is changed, missing or out of order
   */
  async *all(record: RecordingRecord): AsyncGenerator<Buffer> {
    let hash = chainStart(record.recording_id);
    for (let n = 0; n < record.chunks; n += 1) {
      const { plain, chunk } = await this.#open(record, n);
      hash = chainHash(hash, chunk);
      if (hash !== chunk.hash) throw damaged(`the chain breaks at chunk ${n}`);
      yield plain;
    }
    if (hash !== record.chain_head) throw damaged('the chain does not end as the recording did');
  }

  /** The data key. @throws AppError internal if no key of the installation opens it */
  key(record: Pick<RecordingRecord, 'recording_id' | 'key'>): Buffer {
    const key = record.key && this.#options.keys.open(record.recording_id, record.key);
    if (key === undefined) throw damaged('its key cannot be opened');
    return key;
  }

  async #open(record: RecordingRecord, n: number) {
    const { chunks } = this.#options;
    const key = this.key(record);
    const chunk = await chunks.read(record.recording_id, n);
    if (chunk === undefined) throw damaged(`chunk ${n} is missing`);
    const plain = await openChunk(key, chunk);
    if (plain === undefined || plain.length !== chunk.size) throw damaged(`chunk ${n} was changed`);
    return { plain, chunk };
  }
}
