import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose, { type mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type AuthUnderTest,
  admin,
  startAuthInstance,
  startTestServers,
  type TestServers,
} from './testing/auth-under-test.ts';

let servers: TestServers;
let root: mongoose.Connection;
let auth: AuthUnderTest;

beforeAll(async () => {
  servers = await startTestServers();
  const url = new URL(servers.mongoUrl('auth'));
  url.username = 'root';
  url.password = readFileSync(join(servers.dataDir, 'secrets', 'mongo-root'), 'utf8').trim();
  url.searchParams.delete('replicaSet');
  url.searchParams.set('directConnection', 'true');
  root = await mongoose.createConnection(url.href).asPromise();
  auth = await startAuthInstance(servers);
});

afterAll(async () => {
  await auth.stop();
  await root.close();
  await servers.stop();
});

const within = { timeout: 60_000, interval: 200 };
const run = (command: mongo.Document): Promise<mongo.Document> => root.getClient().db('admin').command(command);
const signIn = async (): Promise<number> => (await auth.call('POST', '/api/login', admin)).status;
const mongodb = async () => (await auth.ready()).parts.mongodb;
const roles = [{ role: 'readWrite', db: 'auth' }];

/** Ways in which a mongod that answers takes no write: how it gets there, what health then says, and how it is mended. */
const cases = [
  ['is locked', () => run({ fsync: 1, lock: true }), 'db.fsyncUnlock() unlocks it', () => run({ fsyncUnlock: 1 })],
  [
    'blocks writes',
    () => run({ setUserWriteBlockMode: 1, global: true }),
    'its writes are blocked',
    () => run({ setUserWriteBlockMode: 1, global: false }),
  ],
  [
    'has stepped down',
    () => run({ replSetStepDown: 3600, force: true, secondaryCatchUpPeriodSecs: 0 }),
    'with a majority of its members',
    () => run({ replSetFreeze: 0 }),
  ],
  [
    'is stopped',
    () => process.kill(servers.mongod.pid ?? 0, 'SIGSTOP'),
    'it answers no write in time',
    () => process.kill(servers.mongod.pid ?? 0, 'SIGCONT'),
  ],
] as const;

describe('a mongod that', () => {
  let mend: () => unknown = () => {};
  afterEach(() => mend());

  it.each(cases)(
    '%s is named by readiness with the remedy, sign-in is 503, and both recover by themselves',
    async (_how, hurt, advice, heal) => {
      expect(await signIn()).toBe(200);
      expect(await mongodb()).toEqual({ ok: true, detail: '' });
      mend = heal;
      await hurt();
      await vi.waitFor(
        async () => expect(await mongodb()).toEqual({ ok: false, detail: expect.stringContaining(advice) }),
        within,
      );
      expect(await signIn()).toBe(503);
      await heal();
      mend = () => {};
      await vi.waitFor(async () => expect(await signIn()).toBe(200), within);
      await vi.waitFor(async () => expect(await mongodb()).toEqual({ ok: true, detail: '' }), within);
    },
    150_000,
  );

  it('gives its user no right to write is named with the remedy', async () => {
    await run({ updateUser: 'auth', roles: [{ role: 'read', db: 'auth' }] });
    mend = () => run({ updateUser: 'auth', roles });
    const detail = expect.stringContaining('its user may not write');
    await vi.waitFor(async () => expect(await mongodb()).toEqual({ ok: false, detail }), within);
    await mend();
    await vi.waitFor(async () => expect(await mongodb()).toEqual({ ok: true, detail: '' }), within);
  }, 150_000);
});
