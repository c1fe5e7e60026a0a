import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@webxterm/shared';
import { buildIndexes } from '@webxterm/shared/mongo';
import { type Servers, startServers } from '@webxterm/stack';
import mongoose, { type Connection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Redemption, redeemedModel } from './redemption.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-redemption-'));
const exp = 2_000_000_000;
let servers: Servers;
let connection: Connection;

beforeAll(async () => {
  servers = await startServers({ dataDir });
  connection = await mongoose.createConnection(servers.mongoUrl('terminal')).asPromise();
  redeemedModel(connection);
  await buildIndexes(connection);
}, 60_000);
afterAll(async () => {
  await connection?.close();
  await servers?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a ticket or a pass', () => {
  it('is good once over all instances, also when two redeem it at once', async () => {
    const instances = [0, 1, 2].map(() => new Redemption(redeemedModel(connection), logger));
    const results = await Promise.allSettled(instances.map((instance) => instance.redeem('at once', exp)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const used = { code: 'unauthenticated', message: 'This token has already been used.' };
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(used);
    // A new instance, as after a restart, knows it from the database.
    const started = new Redemption(redeemedModel(connection), logger);
    await expect(started.redeem('at once', exp)).rejects.toMatchObject({ ...used, cause: { code: 11_000 } });
    await started.redeem('another', exp);
  });

  it('is kept until a minute after its end, when MongoDB deletes it', async () => {
    await new Redemption(redeemedModel(connection), logger).redeem('kept', exp);
    const stored = connection.collection('redeemed_tokens');
    expect(await stored.findOne({ jti: 'kept' }, { projection: { _id: 0 } })).toEqual({
      jti: 'kept',
      expires_at: new Date((exp + 60) * 1000),
    });
    expect(await stored.indexes()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: { jti: 1 }, unique: true }),
        expect.objectContaining({ key: { expires_at: 1 }, expireAfterSeconds: 0 }),
      ]),
    );
  });

  it('while the database is away, is remembered among 100,000, and the oldest is forgotten beyond', async () => {
    const redemption = new Redemption(redeemedModel(mongoose.createConnection()), logger, () => 0);
    for (let jti = 0; jti < 100_000; jti += 1) await redemption.redeem(String(jti), 60);
    await expect(redemption.redeem('0', 60)).rejects.toMatchObject({ code: 'unauthenticated' });
    await redemption.redeem('one more', 60);
    await redemption.redeem('0', 60);
    await expect(redemption.redeem('one more', 60)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
