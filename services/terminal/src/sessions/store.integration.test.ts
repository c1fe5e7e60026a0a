import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, Health, Shutdown } from '@webxterm/shared';
import { buildIndexes, connectMongo, listMark, writeCursor } from '@webxterm/shared/mongo';
import { type Servers, startServers } from '@webxterm/stack';
import { type Model, Types, trusted } from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SessionRecord, sessionModel } from './record.ts';
import { maxReservedSessions, maxSessionsPerMachine, type NewSession, SessionStore } from './store.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const shutdown = new Shutdown(logger);
const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-store-'));
let servers: Servers;
let model: Model<SessionRecord>;
let store: SessionStore;

beforeAll(async () => {
  servers = await startServers({ dataDir });
  const connection = await connectMongo({
    url: servers.mongoUrl('terminal'),
    logger,
    health: new Health('test'),
    shutdown,
  });
  model = sessionModel(connection);
  await buildIndexes(connection);
  store = new SessionStore(model);
});
afterAll(async () => {
  await shutdown.run();
  await servers?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await model.deleteMany({});
});

const userId = 'a'.repeat(24);
const asked = (agentId = 'ag_one', user = userId): NewSession => ({
  sessionId: randomBytes(16).toString('base64url'),
  agentId,
  userId: user,
  username: 'ada',
  kind: 'pty',
  recording: 'off',
  ipAddress: '127.0.0.1',
});
const fill = async (count: number, status: SessionRecord['status']): Promise<void> => {
  const record = await store.reserve(asked());
  await model.deleteMany({});
  const sessions = Array.from({ length: count }, () => ({ ...record, status, session_id: asked().sessionId }));
  await model.insertMany(sessions);
};

describe('the sessions of one user', () => {
  it('are bounded per machine, when one is named and again when it is opened', async () => {
    await fill(maxSessionsPerMachine - 1, 'active');
    await store.requireRoom(userId, 'ag_one');
    await store.reserve(asked());
    await fill(maxSessionsPerMachine, 'active');
    await expect(store.requireRoom(userId, 'ag_one')).rejects.toMatchObject({ code: 'too_many_sessions' });
    await expect(store.reserve(asked())).rejects.toMatchObject({ code: 'too_many_sessions' });
  });

  it('do not count for another machine or another user', async () => {
    await fill(maxSessionsPerMachine, 'active');
    await store.reserve(asked('ag_two'));
    await store.reserve(asked('ag_one', 'b'.repeat(24)));
  });

  it('are bounded also while they are only named, over all machines', async () => {
    await fill(maxReservedSessions - 1, 'reserved');
    await store.reserve(asked('ag_two'));
    await expect(store.reserve(asked('ag_three'))).rejects.toMatchObject({ code: 'too_many_sessions' });
    await store.reserve(asked('ag_one', 'b'.repeat(24)));
  });
});

describe('the live sessions of one user', () => {
  it('are read by cursor to their end, with sessions of one moment, while others end', async () => {
    await fill(12, 'active');
    await model.updateOne({}, { agent_id: 'ag_two' });
    const all = (await store.live(userId, { limit: 50 })).records.map(({ session_id }) => session_id);
    expect(all).toHaveLength(12);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { records, next } = await store.live(userId, { limit: 5, cursor });
      seen.push(...records.map(({ session_id }) => session_id));
      await model.deleteMany({ session_id: trusted({ $in: seen }) });
      cursor = next;
    }
    expect(seen).toEqual(all);
  });

  it('have cursors of their own for each machine and each user', async () => {
    await fill(3, 'active');
    const { next } = await store.live(userId, { limit: 1 });
    const query = { limit: 1, cursor: next ?? '' };
    expect((await store.live(userId, query)).records).toHaveLength(1);
    await expect(store.live(userId, { ...query, agent_id: 'ag_one' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(store.live('b'.repeat(24), query)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('the history of a machine', () => {
  const scope = { kind: 'any' } as const;

  it('is read by cursor to its end, with sessions of one moment, while sessions are added and expire', async () => {
    await fill(12, 'closed');
    const idsOf = ({ records }: { records: SessionRecord[] }) => records.map(({ session_id }) => session_id);
    const all = idsOf(await store.page(scope, 'ag_one', { page: 1, limit: 50 }));
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await store.page(scope, 'ag_one', { page: 1, limit: 4, cursor });
      seen.push(...idsOf(page));
      await model.deleteMany({ session_id: trusted({ $in: seen }) });
      const { session_id } = await store.reserve(asked());
      await store.opened(session_id, undefined);
      cursor = page.next;
    }
    expect(seen).toEqual(all);
  });

  it('begins at a time and an id only', async () => {
    for (const cursor of [
      'junk',
      writeCursor(
        { key: 'yesterday', id: new Types.ObjectId() },
        listMark('listMachineSessions', { agent_id: 'ag_one' }),
      ),
    ])
      await expect(store.page(scope, 'ag_one', { page: 1, limit: 4, cursor })).rejects.toMatchObject({
        code: 'invalid_input',
      });
  });

  it('does not begin at a cursor of another machine or of another status', async () => {
    await fill(3, 'closed');
    const { next } = await store.page(scope, 'ag_one', { page: 1, limit: 1 });
    const query = { page: 1, limit: 1, cursor: next ?? '' };
    expect((await store.page(scope, 'ag_one', query)).records).toHaveLength(1);
    for (const [agentId, status] of [['ag_two'], ['ag_one', 'closed']] as const)
      await expect(store.page(scope, agentId, { ...query, status })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
