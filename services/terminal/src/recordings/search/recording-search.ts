import type { RecordingHit, RouteInput, searchRecordings } from '@webxterm/contracts/rest';
import { Places } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import { listMark, notOfThisList, readCursor, writeCursor } from '@webxterm/shared/mongo';
import type { FoundWords, IndexStore, WordsPlace } from '../indexing/index-store.ts';
import type { IndexedLine } from '../indexing/line-blocks.ts';
import type { WordBits } from '../indexing/words.ts';
import type { Plays } from '../plays.ts';
import type { RecordingReader } from '../reader.ts';
import type { RecordingRecord } from '../record.ts';
import type { RecordingScope, RecordingStore } from '../store.ts';
import { ComparingTime } from './comparing-time.ts';
import { hasTerms, type SearchTerms, termsOf } from './search-terms.ts';

type SearchQuery = RouteInput<typeof searchRecordings>['query'];

export interface RecordingSearchOptions {
  readonly index: Pick<IndexStore, 'find' | 'lines'>;
  readonly store: Pick<RecordingStore, 'findAll'>;
  readonly reader: Pick<RecordingReader, 'key'>;
  readonly plays: Pick<Plays, 'record'>;
  /** One for each key of the installation. */
  readonly bits: readonly WordBits[];
}

/** Each search decrypts blocks of lines. */
const limits = {
  each: { most: 2, message: 'Two searches of yours are running. Wait for one to end.' },
  all: { most: 8, message: 'Searches of other users are running. Try again shortly.' },
};

/** Limit of the blocks that are decrypted for one page. The next page goes on behind them. */
const maxBlocksPerPage = 100;
/** Blocks that are looked up together. */
const batchSize = 20;

/** Searches the lines of the recordings that a caller may play, the newest recordings first. */
export class RecordingSearch {
  readonly #options: RecordingSearchOptions;
  readonly #places = new Places(limits);

  constructor(options: RecordingSearchOptions) {
    this.#options = options;
  }

  /**
   * One page of hits. Recordings whose text it shows are audited.
   * @throws AppError invalid_input; too_many_requests; unavailable if it cannot be audited
   */
  async page(
    caller: Pick<Caller, 'sid' | 'userId'>,
    scope: RecordingScope,
    query: SearchQuery,
  ): Promise<{ hits: RecordingHit[]; next_cursor: string | null }> {
    const terms = termsOf(query.q);
    return this.#places.within(caller.userId, async () => {
      const { found, next } = await this.#find(terms, scope, query);
      const shown = new Map(found.map(({ record }) => [record.recording_id, record]));
      await Promise.all(
        [...shown.values()].map((record) => this.#options.plays.record(caller, record, 'recording_searched')),
      );
      return { hits: found.map(({ hit }) => hit), next_cursor: next };
    });
  }

  async #find(terms: SearchTerms, scope: RecordingScope, query: SearchQuery) {
    const { q, machine, user_id, recording_id, from, to, cursor, limit } = query;
    const mark = listMark('searchRecordings', { q, machine, user_id, recording_id, from, to });
    const filters = this.#options.bits.map((bits) => terms.words.flatMap((word) => bits.of(word)));
    const time = new ComparingTime();
    const found: { hit: RecordingHit; record: RecordingRecord }[] = [];
    let place = cursor === undefined ? undefined : placeOf(cursor, mark);
    for (let examined = 0; ; ) {
      const blocks = await this.#options.index.find(
        filters,
        { scope, user_id, recording_id, from, to },
        place,
        batchSize,
      );
      const records = await this.#options.store.findAll([...new Set(blocks.map((block) => block.recording_id))]);
      for (const block of blocks) {
        const first = place?.id.equals(block._id) === true ? place.line : 0;
        const record = records.find((one) => one.recording_id === block.recording_id && one.index?.job === block.job);
        const lines = record === undefined ? [] : await this.#lines(record, block);
        for (let at = first; record !== undefined && at < lines.length; at += 1) {
          const line = lines[at];
          if (line !== undefined && time.measure(() => hasTerms(line[1], terms))) {
            if (found.length === limit) return { found, next: cursorOf({ ...block, id: block._id, line: at }, mark) };
            found.push({ record, hit: hitOf(record, block.n, lines, at) });
          }
          if (time.isSpent) return { found, next: cursorOf({ ...block, id: block._id, line: at + 1 }, mark) };
          await time.giveWay();
        }
        place = { began_at: block.began_at, id: block._id, line: Number.MAX_SAFE_INTEGER };
        examined += 1;
        if (examined === maxBlocksPerPage) return { found, next: cursorOf(place, mark) };
      }
      if (blocks.length < batchSize) return { found, next: null };
    }
  }

  /** Empty: the recording is deleted meanwhile, or its lines were changed. */
  async #lines(record: RecordingRecord, block: FoundWords): Promise<readonly IndexedLine[]> {
    const { index, reader } = this.#options;
    return record.key === undefined ? [] : ((await index.lines(reader.key(record), block)) ?? []);
  }
}

const hitOf = (record: RecordingRecord, n: number, lines: readonly IndexedLine[], at: number): RecordingHit => ({
  recording_id: record.recording_id,
  session_id: record.session_id,
  agent_id: record.agent_id,
  user_id: record.user_id,
  username: record.username,
  title: record.title,
  began_at: record.began_at.toISOString(),
  ms: lines[at]?.[0] ?? 0,
  place: `${n}.${at}`,
  text: lines[at]?.[1] ?? '',
  before: lines.slice(Math.max(0, at - 2), at).map(([, text]) => text),
  after: lines.slice(at + 1, at + 3).map(([, text]) => text),
});

const cursorOf = ({ began_at, id, line }: WordsPlace, mark: string): string =>
  writeCursor({ key: `${began_at.toISOString()} ${line}`, id }, mark);

/** @throws AppError invalid_input */
const placeOf = (cursor: string, mark: string): WordsPlace => {
  const { key, id } = readCursor(cursor, mark);
  const [time = '', line = ''] = key.split(' ');
  const began_at = new Date(time);
  if (Number.isNaN(began_at.getTime()) || !/^\d{1,16}$/.test(line)) throw notOfThisList();
  return { began_at, id, line: Number(line) };
};
