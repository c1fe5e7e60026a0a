import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose, { type mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectRecovery, recoveryWithin } from './testing/recovery.ts';
import { auth, servers, useAuth } from './testing/use-auth.ts';

useAuth(1);

let root: mongoose.Connection;

beforeAll(async () => {
  const url = new URL(servers.mongoUrl('auth'));
  url.username = 'root';
  url.password = readFileSync(join(servers.dataDir, 'secrets', 'mongo-root'), 'utf8').trim();
  url.searchParams.delete('replicaSet');
  url.searchParams.set('directConnection', 'true');
  root = await mongoose.createConnection(url.href).asPromise();
});

afterAll(async () => {
  await root.close();
});

const run = (command: mongo.Document): Promise<mongo.Document> => root.getClient().db('admin').command(command);
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
  it.each(cases)(
    '%s is named by readiness with the remedy, sign-in is 503, and both recover by themselves',
    async (_how, hurt, advice, heal) => {
      await expectRecovery(auth, {
        hurt,
        heal,
        named: { mongodb: { ok: false, detail: expect.stringContaining(advice) } },
      });
    },
    150_000,
  );

  it('gives its user no right to write is named with the remedy', async () => {
    await run({ updateUser: 'auth', roles: [{ role: 'read', db: 'auth' }] });
    try {
      const detail = expect.stringContaining('its user may not write');
      await vi.waitFor(async () => expect(await mongodb()).toEqual({ ok: false, detail }), recoveryWithin);
    } finally {
      await run({ updateUser: 'auth', roles });
    }
    await vi.waitFor(async () => expect(await mongodb()).toEqual({ ok: true, detail: '' }), recoveryWithin);
  }, 150_000);
});
