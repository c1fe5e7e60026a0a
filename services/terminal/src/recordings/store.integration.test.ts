import { encodeDown } from '@webxterm/contracts/frames';
import type { AuditFact } from '@webxterm/shared/audit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { logger, models, servers, useRecordingsDatabase } from '../testing/use-recordings-database.ts';
import type { BuiltChunk } from './chunk-builder.ts';
import { framesIn, joinFrames } from './chunk-codec.ts';
import { ChunkExists, MongoChunkStore } from './chunk-store.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { leaseMs, RecordingClaims } from './claims.ts';
import { DataKeys } from './data-keys.ts';
import { Deletion } from './deletion.ts';
import { IndexJobs, jobLeaseMs } from './indexing/index-jobs.ts';
import { IndexStore } from './indexing/index-store.ts';
import { Indexer } from './indexing/indexer.ts';
import { RecordingPolicies } from './policies.ts';
import { RecordingReader } from './reader.ts';
import type { RecordingRecord } from './record.ts';
import { RecordingStore } from './store.ts';

useRecordingsDatabase();
const clock = { now: Date.UTC(2026, 0, 1) };
const keys = new DataKeys([Buffer.alloc(32, 1)]);
let store: RecordingStore;
let claims: RecordingClaims;
let chunks: MongoChunkStore;
let index: IndexStore;
let jobs: IndexJobs;

beforeAll(() => {
  store = new RecordingStore(models.recordings, () => clock.now);
  claims = new RecordingClaims(models.recordings, () => clock.now);
  chunks = new MongoChunkStore(models.chunks);
  index = new IndexStore(models, () => clock.now);
  jobs = new IndexJobs(models.recordings, () => clock.now);
});
beforeEach(async () => {
  for (const model of Object.values(models)) await model.deleteMany({});
});

let count = 0;
const begin = async (instance: string, agentId = 'ag_one'): Promise<{ record: RecordingRecord; key: Buffer }> => {
  count += 1;
  const recordingId = `recording-${count}`;
  const { key, stored } = keys.create(recordingId);
  const session = { sessionId: `session-${count}`, agentId, userId: 'u', username: 'ada', kind: 'pty' };
  const record = await claims.begin({ ...session, recordingId, mode: 'on', key: stored, cols: 80, rows: 24 }, instance);
  return { record, key };
};

const chunk = (from: number, to: number, plain: Buffer = Buffer.from(`${from} to ${to}`)): BuiltChunk => ({
  from,
  to,
  ms_from: from,
  ms_to: to,
  cols: 80,
  rows: 24,
  lost: 0,
  plain,
});

/** A writer of chunks as the holder of the claim, and its reports: stored offsets, or `lost`. */
const startWriter = (record: RecordingRecord, key: Buffer) => {
  const reported: (number | 'lost')[] = [];
  const stored = (offset: number): void => void reported.push(offset);
  const lost = (): void => void reported.push('lost');
  return { writer: new ChunkWriter({ record, key, chunks, claims, logger, stored, lost }), reported };
};

/** Writes these chunks as the holder of the claim. @returns the reports of the writer */
const write = async (record: RecordingRecord, key: Buffer, ...built: BuiltChunk[]): Promise<(number | 'lost')[]> => {
  const { writer, reported } = startWriter(record, key);
  for (const one of built) writer.push(one);
  await writer.idle();
  return reported;
};

const ended = { cause: 'shell_exit', exitCode: 0, signal: null, whole: true, title: '' };
const end = async (record: RecordingRecord, keepDays: number | null = null): Promise<void> => {
  await claims.end(record.lease?.token ?? '', { ...ended, keepDays });
};

describe('the claim on a recording', () => {
  it('is taken by another instance when it is not renewed, and not before', async () => {
    const { record } = await begin('one');
    expect(await claims.claim('two')).toBeUndefined();
    clock.now += leaseMs - 1;
    const token = record.lease?.token ?? '';
    expect(await claims.renew([token])).toEqual([token]);
    clock.now += leaseMs - 1;
    expect(await claims.claim('two')).toBeUndefined();
    clock.now += 2;
    expect((await claims.claim('two'))?.lease?.instance).toBe('two');
    expect(await claims.renew([token])).toEqual([]);
    await claims.release(token);
    expect(await claims.claim('three')).toBeUndefined();
  });

  it('that is lost writes no more: the next chunk is refused, and the recording stays one chain', async () => {
    const { record: first, key } = await begin('one');
    expect(await write(first, key, chunk(0, 5))).toEqual([5]);
    clock.now += leaseMs + 1;
    const second = await claims.claim('two');
    if (second === undefined) throw new Error('it was not claimed');
    expect(second).toMatchObject({ chunks: 1, next_offset: 5 });
    expect(await write(second, key, chunk(5, 9))).toEqual([9]);
    // The first one wakes up, with a chunk of its own.
    const stale = { ...first, chunks: 1, chain_head: second.chain_head };
    expect(await write(stale, key, chunk(5, 7), chunk(7, 9))).toEqual(['lost']);
    await end(second);
    const reader = new RecordingReader({ chunks, keys });
    const whole: string[] = [];
    for await (const plain of reader.all(await store.find(second.recording_id))) whole.push(String(plain));
    expect(whole).toEqual(['0 to 5', '5 to 9']);
  });

  it('a chunk that was written although its answer was lost is not refused', async () => {
    const { record, key } = await begin('one');
    await write(record, key, chunk(0, 5));
    const stored = await chunks.read(record.recording_id, 0);
    if (stored === undefined) throw new Error('there is no chunk');
    await chunks.append(stored);
    await expect(chunks.append({ ...stored, hash: 'another' })).rejects.toThrow(ChunkExists);
  });

  it('of a session that was named before and never opened is begun again', async () => {
    const { record } = await begin('one');
    count -= 1;
    const again = await begin('two');
    expect(again.record.session_id).toBe(record.session_id);
    expect(await models.recordings.countDocuments({})).toBe(1);
  });
});

it('a writer waits for the database and then goes on: every chunk is stored once, in order', async () => {
  const { record, key } = await begin('one');
  const { writer, reported } = startWriter(record, key);
  writer.push(chunk(0, 1));
  await writer.idle();
  await servers.mongod.stop();
  for (let at = 1; at < 5; at += 1) writer.push(chunk(at, at + 1));
  expect(writer.waitingBytes).toBeGreaterThan(0);
  await servers.mongod.start();
  await writer.idle();
  expect([reported, writer.waitingBytes]).toEqual([[1, 2, 3, 4, 5], 0]);
  expect(await store.find(record.recording_id)).toMatchObject({ chunks: 5, next_offset: 5, bytes: 5 });
}, 60_000);

describe('a recording that expires', () => {
  const facts: AuditFact[] = [];
  const deletion = (): Deletion =>
    new Deletion({
      store,
      chunks,
      index,
      policies: new RecordingPolicies(models.policies),
      auditor: { record: async (fact) => void facts.push(fact) },
      logger,
    });

  it('after its days goes with key, chunks and row, and leaves an audit row; one on hold stays', async () => {
    const [one, held, young] = [await begin('a'), await begin('a'), await begin('a')];
    for (const { record, key } of [one, held, young]) await write(record, key, chunk(0, 5));
    await end(one.record, 7);
    await end(held.record, 7);
    await store.hold(held.record.recording_id, true);
    clock.now += 7 * 86_400_000;
    await end(young.record, 7);
    facts.splice(0);
    await deletion().expire();
    const left = (await models.recordings.find({}).lean()).map(({ recording_id }) => recording_id);
    expect(left.toSorted()).toEqual([held, young].map(({ record }) => record.recording_id).toSorted());
    expect(await models.chunks.countDocuments({ recording_id: one.record.recording_id })).toBe(0);
    expect(facts.map(({ action, reason, details }) => [action, reason, details?.recording_id])).toEqual([
      ['recording_expired', 'days', one.record.recording_id],
    ]);
  });

  it('because its machine has too many bytes is the oldest, as many as it takes', async () => {
    const big = Buffer.from(Array.from({ length: 800_000 }, () => Math.floor(Math.random() * 256)));
    const all: RecordingRecord[] = [];
    for (let n = 0; n < 4; n += 1) {
      clock.now += 1000;
      const { record, key } = await begin('a', n === 3 ? 'ag_other' : 'ag_one');
      await write(record, key, chunk(0, 5, big));
      await end(record);
      all.push(record);
    }
    await new RecordingPolicies(models.policies).change({ keep_mib: 1 });
    await deletion().expire();
    const left = (await models.recordings.find({}).lean()).map(({ recording_id }) => recording_id);
    expect(left).toEqual([all[2], all[3]].map((record) => record?.recording_id));
  });

  it('is deleted to the end although its deletion was interrupted', async () => {
    const { record, key } = await begin('a');
    await write(record, key, chunk(0, 5));
    await end(record);
    expect(await store.removeKey(record.recording_id, 'days')).toBe(true);
    await expect(store.find(record.recording_id)).rejects.toMatchObject({ code: 'recording_not_found' });
    facts.splice(0);
    await deletion().expire();
    expect([await models.recordings.countDocuments({}), await models.chunks.countDocuments({})]).toEqual([0, 0]);
    expect(facts.map(({ action, reason }) => [action, reason])).toEqual([['recording_expired', 'days']]);
  });
});

it('a data key is opened by the key of the installation that encrypted it, for its own recording', () => {
  const { key, stored } = keys.create('r');
  const rotated = new DataKeys([Buffer.alloc(32, 2), Buffer.alloc(32, 1)]);
  expect(rotated.open('r', stored)).toEqual(key);
  expect(rotated.open('another', stored)).toBeUndefined();
  expect(new DataKeys([Buffer.alloc(32, 2)]).open('r', stored)).toBeUndefined();
  expect(rotated.create('r').stored.id).not.toBe(stored.id);
});

describe('the index of a recording', () => {
  const [searchKey] = keys.searchKeys;
  const outcomes: [string, boolean][] = [];
  const indexer = (): Indexer =>
    new Indexer({
      ...{ jobs, store: index, reader: new RecordingReader({ chunks, keys }), logger },
      searchKey: searchKey ?? Buffer.alloc(0),
      indexed: ({ recording_id }, _seconds, failed) => void outcomes.push([recording_id, failed]),
    });

  /** A chunk that shows one line at 11 s times its number. */
  const shows = (n: number, text: string): BuiltChunk => {
    const [payload, offset, ms] = [Buffer.from(`${text}\r\n`), n * 100, n * 11_000];
    const plain = joinFrames(
      [
        { type: 'size', offset, cols: 80, rows: 24 } as const,
        { type: 'times', marks: [{ offset, ms }] } as const,
        { type: 'output', offset, payload } as const,
      ].map((frame) => encodeDown(frame)),
    );
    return { ...chunk(offset, offset + 100, plain), ms_from: ms, ms_to: ms };
  };

  const recorded = async (count: number): Promise<{ record: RecordingRecord; key: Buffer }> => {
    const begun = await begin('one');
    await write(begun.record, begun.key, ...Array.from({ length: count }, (_, n) => shows(n, `line ${n} of it`)));
    await end(begun.record);
    return { ...begun, record: await store.find(begun.record.recording_id) };
  };

  const parts = async (): Promise<number[]> => [
    await models.keyframes.countDocuments({}),
    await models.lines.countDocuments({}),
    await models.words.countDocuments({}),
    await models.commands.countDocuments({}),
  ];

  it('has keyframes and lines, encrypted with the key of the recording, and goes with it', async () => {
    const { record, key } = await recorded(4);
    const going = await begin('two');
    expect([await indexer().one(), await indexer().one()]).toEqual([true, false]);
    const made = await store.find(record.recording_id);
    expect(made.index).toMatchObject({ state: 'ready', tries: 1, keyframes: 4, lines: 4, cut: false, until: null });
    expect(made.index?.bytes).toBeGreaterThan(0);
    expect(await index.keyframes(made)).toEqual([0, 1, 2, 3]);
    const frames = framesIn((await index.keyframe(key, made, 2)) ?? Buffer.alloc(0));
    expect(frames).toMatchObject([
      { type: 'size', offset: 200 },
      { type: 'snapshot', last: true },
    ]);
    const shown = frames[1]?.type === 'snapshot' ? Buffer.from(frames[1].payload).toString() : '';
    expect([shown.includes('line 1 of it'), shown.includes('line 2 of it')]).toEqual([true, false]);
    const [block] = await models.lines.find({}).lean();
    if (block === undefined) throw new Error('there is no block');
    expect(Buffer.from(Object(block.body).buffer).includes('of it')).toBe(false);
    expect(await index.lines(key, block)).toEqual([0, 1, 2, 3].map((n) => [n * 11_000, `line ${n} of it`]));
    expect(await index.lines(key, { ...block, n: 1 })).toBeUndefined();
    expect(await index.lines(going.key, block)).toBeUndefined();
    // Nothing expires by itself any more.
    expect([block.provisional_until, (await models.keyframes.findOne({}).lean())?.provisional_until]).toEqual([
      undefined,
      undefined,
    ]);
    const deletion = new Deletion({
      ...{ store, chunks, index, logger, auditor: { record: async () => {} } },
      policies: new RecordingPolicies(models.policies),
    });
    expect(await deletion.delete(record)).toBe(true);
    expect(await parts()).toEqual([0, 0, 0, 0]);
  });

  it('has the commands that the shell has marked, encrypted with the key of the recording', async () => {
    const { record, key } = await begin('one');
    const text = '\x1b]133;A\x07$ \x1b]133;B\x07make\r\n\x1b]133;C\x07\x1b]133;D;2\x07';
    await write(record, key, shows(0, text));
    await end(record);
    expect((await index.commands(key, await store.find(record.recording_id))).commands).toEqual([]);
    expect(await indexer().one()).toBe(true);
    const made = await store.find(record.recording_id);
    const commands = [{ ms: 0, text: 'make', ended_ms: 0, exit_code: 2 }];
    expect(await index.commands(key, made)).toEqual({ commands, cut: false });
    const [part] = await models.commands.find({}).lean();
    expect(Buffer.from(Object(part?.body).buffer).includes('make')).toBe(false);
    expect(part?.provisional_until).toBeUndefined();
    expect(await index.commands(Buffer.alloc(32), made)).toEqual({ commands: [], cut: false });
  });

  it('of an instance that died is begun again by another, and no part of the first try is left', async () => {
    const { record } = await recorded(3);
    const first = await jobs.claim();
    expect(first?.record.recording_id).toBe(record.recording_id);
    expect(await jobs.claim()).toBeUndefined();
    await index.addKeyframe(Buffer.alloc(32), record, first?.job ?? '', { n: 1, ms: 0, plain: new Uint8Array(4) });
    const [left] = await models.keyframes.find({}).lean();
    expect(left?.provisional_until?.getTime()).toBeGreaterThan(clock.now);
    clock.now += jobLeaseMs + 1;
    expect(await indexer().one()).toBe(true);
    expect(await jobs.renew(first?.job ?? '')).toBe(false);
    const { index: made } = await store.find(record.recording_id);
    expect(made).toMatchObject({ state: 'ready', tries: 2, keyframes: 3, lines: 3 });
    expect(new Set((await models.keyframes.find({}).lean()).map(({ job }) => job))).toEqual(new Set([made?.job]));
  });

  it('of a recording that is deleted meanwhile is not kept', async () => {
    const { record } = await recorded(3);
    const { claim } = jobs;
    const claimed = new IndexJobs(models.recordings, () => clock.now);
    claimed.claim = async () => {
      const found = await claim.call(jobs);
      await store.removeKey(record.recording_id, 'asked');
      return found;
    };
    const deleting = new Indexer({
      ...{ jobs: claimed, store: index, reader: new RecordingReader({ chunks, keys }), logger },
      searchKey: searchKey ?? Buffer.alloc(0),
    });
    expect(await deleting.one()).toBe(true);
    expect(await parts()).toEqual([0, 0, 0, 0]);
    expect(await deleting.one()).toBe(false);
  });

  it('of a damaged recording fails, and so does one that was begun too often', async () => {
    const [damaged, unlucky] = [await recorded(2), await recorded(2)];
    await models.chunks.updateOne({ recording_id: damaged.record.recording_id, n: 1 }, { $set: { lost: 1 } });
    await models.recordings.updateOne(
      { recording_id: unlucky.record.recording_id },
      { $set: { index: { state: 'waiting', tries: 5, job: 'j', until: null } } },
    );
    outcomes.splice(0);
    while (await indexer().one());
    const states = [damaged, unlucky].map(async ({ record }) => (await store.find(record.recording_id)).index?.state);
    expect(await Promise.all(states)).toEqual(['failed', 'failed']);
    expect([outcomes, await parts()]).toEqual([[[damaged.record.recording_id, true]], [0, 0, 0, 0]]);
  });
});
