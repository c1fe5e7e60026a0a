import { monitorEventLoopDelay } from 'node:perf_hooks';
import { encodeDown, maxOutputFrame } from '@webxterm/contracts/frames';
import { expect, it } from 'vitest';
import { logger, models, useRecordingsDatabase } from '../testing/use-recordings-database.ts';
import { joinFrames } from './chunk-codec.ts';
import { MongoChunkStore } from './chunk-store.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { RecordingClaims } from './claims.ts';
import { DataKeys } from './data-keys.ts';
import { IndexJobs } from './indexing/index-jobs.ts';
import { IndexStore } from './indexing/index-store.ts';
import { Indexer } from './indexing/indexer.ts';
import { WordBits } from './indexing/words.ts';
import { RecordingReader } from './reader.ts';
import { RecordingSearch } from './search/recording-search.ts';
import { RecordingStore } from './store.ts';

// One recording with a million lines: what its index costs the process that serves terminals, and how long a search takes.

useRecordingsDatabase();
const keys = new DataKeys([Buffer.alloc(32, 1)]);
const [searchKey = Buffer.alloc(0)] = keys.searchKeys;

const words = Array.from({ length: 20_000 }, (_, n) => `word${(n * 7919) % 20_000}`);
/** Words as in texts: a few are frequent, most are rare. */
const wordAt = (n: number): string => words[Math.floor(words.length * ((n * 0.61803398875) % 1) ** 4)] ?? '';
const lineAt = (n: number): string =>
  `\x1b[32m${new Date(n * 1000).toISOString()}\x1b[0m host${n % 7} app[${n % 1000}]: ${wordAt(n)} ${wordAt(n * 3)} ${wordAt(n * 5)} request ${n}`;

it('a million lines are indexed and searched; prints the times and the delay of the event loop', async () => {
  const count = 1_000_000;
  const claims = new RecordingClaims(models.recordings);
  const chunks = new MongoChunkStore(models.chunks);
  const { key, stored } = keys.create('large');
  const session = { sessionId: 's', agentId: 'ag_one', userId: 'u', username: 'ada', kind: 'pty' };
  const record = await claims.begin(
    { ...session, recordingId: 'large', mode: 'on', key: stored, cols: 120, rows: 40 },
    'i',
  );
  const writer = new ChunkWriter({ record, key, chunks, claims, logger, stored: () => {}, lost: () => {} });
  let offset = 0;
  for (let n = 0; n < count; ) {
    const texts: string[] = [];
    for (let size = 0; size < 190_000 && n < count; n += 1) {
      const text = `${lineAt(n)}\r\n`;
      texts.push(text);
      size += text.length;
    }
    const output = Buffer.from(texts.join(''));
    const ms = Math.floor(n * 28.8);
    const frames = [
      encodeDown({ type: 'size', offset, cols: 120, rows: 40 }),
      encodeDown({ type: 'times', marks: [{ offset, ms }] }),
    ];
    for (let at = 0; at < output.length; at += maxOutputFrame)
      frames.push(
        encodeDown({ type: 'output', offset: offset + at, payload: output.subarray(at, at + maxOutputFrame) }),
      );
    const to = offset + output.length;
    writer.push({ from: offset, to, ms_from: ms, ms_to: ms, cols: 120, rows: 40, lost: 0, plain: joinFrames(frames) });
    await writer.idle();
    offset = to;
  }
  const end = { cause: 'shell_exit', exitCode: 0, signal: null, whole: true, title: '', keepDays: null };
  await claims.end(record.lease?.token ?? '', end);
  const index = new IndexStore(models);
  const reader = new RecordingReader({ chunks, keys });
  const store = new RecordingStore(models.recordings);
  const indexer = new Indexer({
    ...{ jobs: new IndexJobs(models.recordings), store: index, logger, searchKey, reader },
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const began = performance.now();
  await indexer.one();
  const seconds = (performance.now() - began) / 1000;
  delay.disable();
  const made = await store.find('large');
  expect(made.index).toMatchObject({ state: 'ready', lines: count });

  const search = new RecordingSearch({
    ...{ index, store, reader, plays: { record: async () => {} } },
    bits: keys.searchKeys.map((searched) => new WordBits(searched)),
  });
  const timed: Record<string, string> = {};
  for (const [q, hits] of [
    ['request 777777', 1],
    ['"request 999999"', 1],
    ['"app[123]" host4', undefined],
    ['word0', undefined],
    ['nowhere', 0],
    ['"request request"', 0],
  ] as const) {
    const times: number[] = [];
    let found = 0;
    for (let n = 0; n < 5; n += 1) {
      const at = performance.now();
      found = (await search.page({ sid: 's', userId: 'u' }, 'all', { q, limit: 25 })).hits.length;
      times.push(performance.now() - at);
    }
    // A page of frequent words may have fewer hits than its limit.
    expect([q, hits === undefined ? found > 0 : found === hits]).toEqual([q, true]);
    const median = times.toSorted((one, other) => one - other)[2] ?? 0;
    timed[q] = `${median.toFixed(0)} ms`;
  }
  const measured = { mb: offset / 1e6, seconds, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6, timed };
  process.stdout.write(`${JSON.stringify({ ...measured, stored: made.stored_bytes, index: made.index })}\n`);
}, 600_000);
