import { createHash } from 'node:crypto';
import { listAudit, Recording, RecordingChunk, searchRecordings } from '@webxterm/contracts/rest';
import { until } from '@webxterm/shared/testing';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { useWorld, world } from '../testing/use-world.ts';
import { json, type RawClient } from '../testing/world.ts';
import { framesIn } from './chunk-codec.ts';
import { type RecordingModels, recordingModels } from './record.ts';

useWorld();
let bob: string;
let connection: mongoose.Connection;
let models: RecordingModels;

beforeAll(async () => {
  bob = await world.signUp('bob');
  connection = await mongoose.createConnection(world.secret('mongo-url-terminal')).asPromise();
  models = recordingModels(connection);
});
afterAll(async () => {
  await connection?.close();
});

const List = z.object({ recordings: z.array(Recording), next_cursor: z.string().nullable() });
const Cast = z.tuple([z.number(), z.enum(['o', 'r', 'm', 'x']), z.string()]);

const list = async (query = '', token?: string): Promise<z.infer<typeof List>> =>
  List.parse(await json(await world.api('GET', `recordings?${query}`, undefined, token)));

const setPolicy = async (mode: 'off' | 'on' | 'required'): Promise<void> => {
  expect((await world.api('PATCH', 'recording-policy', { mode })).status).toBe(200);
};

const idOf = (client: RawClient): string => String(client.headers['x-session-id']);

const recordingOf = async (client: RawClient): Promise<Recording> => {
  const [found] = (await list(`session_id=${idOf(client)}`)).recordings;
  if (found === undefined) throw new Error('there is no recording');
  return found;
};

/** The recording of a session that has ended. */
const ended = async (client: RawClient): Promise<Recording> => {
  await client.closed;
  await until(async () => (await recordingOf(client)).status === 'ended', 20_000);
  return recordingOf(client);
};

const castOf = async (id: string, version = '3') => {
  const text = await (await world.api('GET', `recordings/${id}/cast?version=${version}`)).text();
  const [header = '', ...lines] = text.trimEnd().split('\n');
  return { header: JSON.parse(header), events: lines.map((line) => Cast.parse(JSON.parse(line))) };
};

const output = (events: readonly z.infer<typeof Cast>[]): string =>
  events.map(([, code, text]) => (code === 'o' ? text : '')).join('');

/** A recorded session that has printed numbered lines and ended. */
const numbered = async (count: number): Promise<{ client: RawClient; recording: Recording }> => {
  const client = await world.shell();
  client.send(`seq -f 'line-%g' 1 ${count}; exit 3\n`);
  return { client, recording: await ended(client) };
};

const auditOf = async (recordingId: string) => {
  const rows = listAudit.success.schema.parse(await json(await world.api('GET', 'audit?limit=200'))).events;
  return rows.filter(({ details }) => details.recording_id === recordingId);
};

describe('the recording of a terminal', () => {
  it('has every byte of its output once, with times and exit code, and says so in its headers', async () => {
    await setPolicy('on');
    const { client, recording } = await numbered(3000);
    expect(client.headers['x-recorded']).toBe('on');
    expect(recording).toMatchObject({
      agent_id: world.agentId,
      session_id: idOf(client),
      username: 'admin',
      mode: 'on',
      exit_code: 3,
      cause: 'shell_exit',
      lost_bytes: 0,
      complete: true,
      bytes: client.length,
      cols: 80,
      rows: 24,
    });
    const { header, events } = await castOf(recording.recording_id);
    expect(header).toMatchObject({ version: 3, term: { cols: 80, rows: 24 } });
    expect(output(events)).toBe(client.text);
    expect(events.at(-1)?.slice(1)).toEqual(['x', '3']);
    for (const [interval] of events) expect(interval).toBeGreaterThanOrEqual(0);
    const two = await castOf(recording.recording_id, '2');
    expect(two.header).toMatchObject({ version: 2, width: 80, height: 24 });
    expect(output(two.events)).toBe(client.text);
    for (const [index, [at]] of two.events.entries())
      expect(at).toBeGreaterThanOrEqual(two.events[index - 1]?.[0] ?? 0);
  });

  it('is read chunk by chunk, each with the size that applies there and times before its output', async () => {
    const { client, recording } = await numbered(60_000);
    const { recording_id: id } = recording;
    const index = await json(await world.api('GET', `recordings/${id}/chunks`));
    const chunks = z.array(RecordingChunk).parse(index.chunks);
    expect([chunks.length, index.more]).toEqual([recording.chunks, false]);
    expect(recording.chunks).toBeGreaterThan(1);
    const parts: Buffer[] = [];
    let [next, time] = [0, 0];
    for (const chunk of chunks) {
      expect([chunk.from, chunk.n]).toEqual([next, chunks.indexOf(chunk)]);
      const answer = await world.api('GET', `recordings/${id}/chunks/${chunk.n}`);
      const plain = Buffer.from(await answer.arrayBuffer());
      expect(plain.length).toBe(chunk.size);
      expect(plain.length).toBeLessThanOrEqual(512 * 1024);
      const frames = framesIn(plain);
      expect(frames.slice(0, 2).map(({ type }) => type)).toEqual(['size', 'times']);
      for (const frame of frames) {
        if (frame.type === 'times')
          for (const { ms } of frame.marks) {
            expect(ms).toBeGreaterThanOrEqual(time);
            time = ms;
          }
        if (frame.type !== 'output') continue;
        expect(frame.offset).toBe(next);
        next += frame.payload.length;
        parts.push(Buffer.from(frame.payload));
      }
      expect(next).toBe(chunk.to);
    }
    expect(Buffer.concat(parts).equals(client.bytes)).toBe(true);
    expect((await world.api('GET', `recordings/${id}/chunks/${recording.chunks}`)).status).toBe(404);
    expect((await world.api('GET', `recordings/${id}/chunks/x`)).status).toBe(404);
  });

  it('is not made of what is typed without echo', async () => {
    const client = await world.shell();
    client.send('echo ready-$((6*7)); read -rs secret; echo got-$((6*7))\n');
    await client.says('ready-42');
    client.send('hunter2-typed\n');
    await client.says('got-42');
    client.send('exit\n');
    const { recording_id } = await ended(client);
    expect(output((await castOf(recording_id)).events)).not.toContain('hunter2');
  });

  it('is nobody else’s: others get 404, and a list without it', async () => {
    const [{ recording_id: id } = { recording_id: '' }] = (await list()).recordings;
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/chunks'],
      ['GET', '/chunks/0'],
      ['GET', '/cast'],
      ['DELETE', ''],
    ] as const) {
      const answer = await world.api(method, `recordings/${id}${path}`, undefined, bob);
      expect([path, answer.status, (await json(answer)).code]).toEqual([path, 404, 'recording_not_found']);
    }
    expect((await list('', bob)).recordings).toEqual([]);
    expect((await list(`machine=${world.agentId}`, bob)).recordings).toEqual([]);
    expect((await world.api('PATCH', `recordings/${id}`, { hold: true }, bob)).status).toBe(403);
    expect((await world.api('GET', 'recordings/junk')).status).toBe(404);
    expect((await world.api('GET', `machines/${world.agentId}/recording-policy`, undefined, bob)).status).toBe(404);
  });

  it('is in the audit log: begun, ended with the head of its chain, played and downloaded', async () => {
    const { recording } = await numbered(10);
    const { recording_id: id } = recording;
    for (let n = 0; n < 2; n += 1) await world.api('GET', `recordings/${id}/chunks/0`);
    await castOf(id);
    const actions = ['recording_began', 'recording_downloaded', 'recording_ended', 'recording_played'];
    await until(async () => (await auditOf(id)).length === actions.length);
    const rows = await auditOf(id);
    expect(rows.map(({ action }) => action).toSorted()).toEqual(actions);
    expect(rows.find(({ action }) => action === 'recording_ended')?.details).toMatchObject({
      chain_head: recording.chain_head,
      complete: true,
      bytes: recording.bytes,
    });
  });

  it('is listed page by page, by machine, user and time', async () => {
    const first = await list('limit=2');
    expect(first.recordings).toHaveLength(2);
    const second = await list(`limit=2&cursor=${first.next_cursor}`);
    const ids = [...first.recordings, ...second.recordings].map(({ recording_id }) => recording_id);
    expect(new Set(ids).size).toBe(ids.length);
    const { began_at = '', user_id = '' } = first.recordings[1] ?? {};
    expect((await list(`to=${began_at}&limit=1`)).recordings[0]?.recording_id).toBe(ids[2]);
    expect((await list(`user_id=${user_id}&machine=${world.agentId}`)).recordings.length).toBeGreaterThan(2);
    expect((await list(`user_id=${'0'.repeat(24)}`)).recordings).toEqual([]);
    expect(
      (await world.api('GET', `recordings?limit=2&machine=${world.agentId}&cursor=${first.next_cursor}`)).status,
    ).toBe(400);
  });
});

describe('a recording in the store', () => {
  it('is encrypted, and a changed, exchanged or missing chunk is found', async () => {
    const { recording } = await numbered(60_000);
    const { recording_id } = recording;
    const stored = await models.chunks.find({ recording_id }).sort({ n: 1 }).lean();
    const bodies = stored.map(({ body }) => Buffer.from(Object(body).buffer ?? body));
    expect(Buffer.concat(bodies).includes('line-')).toBe(false);
    const read = async (n: number): Promise<number> =>
      (await world.api('GET', `recordings/${recording_id}/chunks/${n}`)).status;
    const whole = async (): Promise<boolean> => {
      try {
        await castOf(recording_id);
        return true;
      } catch {
        return false;
      }
    };
    expect([await read(0), await whole()]).toEqual([200, true]);
    const [one, two] = bodies;
    if (one === undefined || two === undefined) throw new Error('there are too few chunks');
    const put = (n: number, body: Buffer) => models.chunks.updateOne({ recording_id, n }, { $set: { body } });
    const flipped = Buffer.from(one);
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    await put(0, flipped);
    expect([await read(0), await whole()]).toEqual([500, false]);
    await put(0, two);
    await put(1, one);
    expect([await read(0), await read(1)]).toEqual([500, 500]);
    await put(0, one);
    await put(1, two);
    // The index is part of the chain.
    await models.chunks.updateOne({ recording_id, n: 0 }, { $inc: { ms_to: 1 } });
    expect([await read(0), await whole()]).toEqual([200, false]);
    await models.chunks.updateOne({ recording_id, n: 0 }, { $inc: { ms_to: -1 } });
    expect(await whole()).toBe(true);
    await models.chunks.deleteOne({ recording_id, n: 1 });
    expect([await read(1), await whole()]).toEqual([500, false]);
  });

  it('is deleted by its key, unless it goes on or is on hold', async () => {
    const live = await world.shell();
    const { recording_id: going } = await recordingOf(live);
    expect((await world.api('DELETE', `recordings/${going}`)).status).toBe(409);
    live.send('exit\n');
    await ended(live);
    expect((await world.api('PATCH', `recordings/${going}`, { hold: true })).status).toBe(200);
    expect((await world.api('DELETE', `recordings/${going}`)).status).toBe(409);
    await world.api('PATCH', `recordings/${going}`, { hold: false });
    expect((await world.api('DELETE', `recordings/${going}`)).status).toBe(204);
    expect((await world.api('GET', `recordings/${going}`)).status).toBe(404);
    expect(await models.chunks.countDocuments({ recording_id: going })).toBe(0);
    expect(await models.recordings.countDocuments({ recording_id: going })).toBe(0);
    await until(async () => (await auditOf(going)).some(({ action }) => action === 'recording_deleted'));
  });
});

describe('the search', () => {
  const ask = (query: Record<string, string>, token?: string) =>
    world.api('GET', `recordings/search?${new URLSearchParams(query)}`, undefined, token);
  const search = async (query: Record<string, string>, token?: string) =>
    searchRecordings.success.schema.parse(await json(await ask(query, token)));
  const texts = async (q: string, token?: string): Promise<string[]> =>
    (await search({ q }, token)).hits.map(({ text }) => text);

  it('finds whole words and phrases with the lines around them and their moment, for those who may play, until it is deleted', async () => {
    await setPolicy('on');
    const client = await world.shell();
    client.send("for i in 1 2 3; do printf 'before %d\\nneed%s number %d\\nafter %d\\n' $i le $i $i; done; exit\n");
    const { recording_id, duration_ms } = await ended(client);
    await until(async () => (await recordingOf(client)).index === 'ready', 20_000);
    const { hits, next_cursor } = await search({ q: 'needle' });
    expect([hits.map(({ text }) => text), next_cursor]).toEqual([
      ['needle number 1', 'needle number 2', 'needle number 3'],
      null,
    ]);
    expect(hits[1]).toMatchObject({
      ...{ recording_id, username: 'admin', agent_id: world.agentId },
      ...{ before: ['after 1', 'before 2'], after: ['after 2', 'before 3'] },
    });
    expect(hits[1]?.ms).toBeGreaterThan(0);
    expect(hits[1]?.ms).toBeLessThanOrEqual(duration_ms);
    const first = await search({ q: 'needle', limit: '2' });
    const second = await search({ q: 'needle', limit: '2', cursor: first.next_cursor ?? '' });
    expect([first.hits, second.hits].map((page) => page.map(({ text }) => text))).toEqual([
      ['needle number 1', 'needle number 2'],
      ['needle number 3'],
    ]);
    expect(second.next_cursor).toBeNull();
    expect((await ask({ q: 'number', cursor: first.next_cursor ?? '' })).status).toBe(400);
    expect(await texts('"NEEDLE number 2"')).toEqual(['needle number 2']);
    expect(await texts('2 number needle')).toEqual(['needle number 2']);
    expect([await texts('needl'), await texts('needle absent'), await texts('"number needle"')]).toEqual([[], [], []]);
    expect((await search({ q: 'needle', to: new Date(0).toISOString() })).hits).toEqual([]);
    expect((await search({ q: 'needle', machine: world.agentId, recording_id })).hits).toHaveLength(3);
    const text = (token?: string) => world.api('GET', `recordings/${recording_id}/text`, undefined, token);
    expect(await (await text()).text()).toContain('before 2\nneedle number 2\nafter 2\nbefore 3\n');
    expect((await text(bob)).status).toBe(404);
    const machine = 'ag_00000000000000000000000000';
    for (const query of [{ machine }, { machine, recording_id }])
      expect((await search({ q: 'needle', ...query })).hits).toEqual([]);
    expect(await texts('needle', bob)).toEqual([]);
    expect((await ask({ q: 'needle', recording_id }, bob)).status).toBe(404);
    expect((await ask({ q: '- x' })).status).toBe(400);
    // One row, although several searches have shown its lines. The words are not in it.
    await until(async () => (await auditOf(recording_id)).some(({ action }) => action === 'recording_searched'));
    const rows = await auditOf(recording_id);
    expect(rows.filter(({ action }) => action === 'recording_searched')).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('needle');
    expect((await world.api('DELETE', `recordings/${recording_id}`)).status).toBe(204);
    expect(await texts('needle')).toEqual([]);
    expect(await models.words.countDocuments({ recording_id })).toBe(0);
  });
});

describe('the policy', () => {
  const own = (mode: string | null, token?: string) =>
    world.api('PATCH', `machines/${world.agentId}/recording-policy`, { mode }, token);

  it('of a machine is stronger than that of the installation, and weaker only by an administrator', async () => {
    await setPolicy('off');
    const off = await world.shell();
    expect(off.headers['x-recorded']).toBeUndefined();
    expect((await own('required')).status).toBe(200);
    const required = await world.shell();
    expect(required.headers['x-recorded']).toBe('required');
    expect(await recordingOf(required)).toMatchObject({ mode: 'required', status: 'recording' });
    await setPolicy('required');
    expect(await json(await own('off'))).toMatchObject({ mode: 'off', applies: { mode: 'off' } });
    expect(await json(await own(null))).toMatchObject({ mode: null, applies: { mode: 'required' } });
    expect((await own('on', bob)).status).toBe(404);
    for (const client of [off, required]) client.send('exit\n');
    await ended(required);
    expect((await list(`session_id=${idOf(off)}`)).recordings).toEqual([]);
  });

  it('is sent to a viewer of webxterm.v1 at each attach', async () => {
    const modes: string[] = [];
    const viewer = world.viewer({}, world.token, { recorded: (mode) => void modes.push(mode) });
    await viewer.live();
    await until(() => modes.length === 1);
    expect(modes).toEqual(['required']);
    viewer.sockets.at(-1)?.terminate();
    await until(() => modes.length === 2);
    viewer.client.type('exit\n');
    await until(() => viewer.state === 'ended');
  });
});

it('the chain of a recording is computed from its chunks as the documentation says', async () => {
  await setPolicy('on');
  const { recording } = await numbered(100);
  const { recording_id } = recording;
  let hash = createHash('sha256').update(`webxterm recording chain v1 ${recording_id}`).digest('hex');
  for (const chunk of await models.chunks.find({ recording_id }).sort({ n: 1 }).lean()) {
    const { n, from, to, ms_from, ms_to, cols, rows, size, lost } = chunk;
    hash = createHash('sha256')
      .update(JSON.stringify([hash, recording_id, n, from, to, ms_from, ms_to, cols, rows, size, lost]))
      .update(Buffer.from(Object(chunk.body).buffer ?? chunk.body))
      .digest('hex');
  }
  expect(hash).toBe(recording.chain_head);
});
