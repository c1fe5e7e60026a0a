import { jetstreamManager } from '@nats-io/jetstream';
import { signinEpochKey, signinKey } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { connectBus } from '@webxterm/shared/bus';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type AuthUnderTest, startAuthInstance, startTestServers } from '../testing/auth-under-test.ts';
import { holdBack } from '../testing/hold-back.ts';
import { ListBucket } from './list-bucket.ts';
import { ListEntries } from './list-entries.ts';

let servers: Awaited<ReturnType<typeof startTestServers>>;
/** The only instance, so that no other one repairs its entries. */
let auth: AuthUnderTest;

beforeAll(async () => {
  servers = await startTestServers();
  auth = await startAuthInstance(servers);
});
afterAll(async () => {
  await auth?.stop();
  await servers?.stop();
});

const within = { timeout: 15_000, interval: 200 };

it('an entry that is written while the list is rebuilt counts on the new list', async () => {
  const person = { username: 'person', email: 'person@example.com', password: 'yourpassword' };
  expect((await auth.call('POST', '/api/signup', person)).status).toBe(201);
  const [signin] = await servers.database.collection('signins').find({}).toArray();
  const nats = await connectBus({
    urls: [servers.natsUrl],
    user: 'init',
    password: servers.natsPassword('init'),
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  // The instance looks at the list, and does not know yet that it is lost.
  const look = holdBack('before', ListBucket.prototype, 'read', (key) => key === signinEpochKey);
  await look.reached;
  const { streams } = await jetstreamManager(nats);
  await streams.delete('KV_signins');
  // It writes all entries of the new list, and has not marked the list as complete.
  const written = holdBack('after', ListEntries.prototype, 'walk');
  look.release();
  await written.reached;
  const outbox = servers.database.collection('signins_outbox');
  await outbox.insertOne({ sid_hash: signin?.sid_hash, event: null, created_at: new Date(0) });
  await vi.waitFor(async () => expect(await outbox.countDocuments()).toBe(0), within);
  written.release();
  /** The epoch in an entry of the bucket, which is its signature, a dot and JSON. */
  const epochIn = async (key: string): Promise<string | undefined> => {
    const entry = await streams.getMessage('KV_signins', { last_by_subj: `$KV.signins.${key}` });
    return /"epoch":"([^"]+)"/.exec(entry?.string() ?? '')?.[1];
  };
  const key = signinKey(String(signin?.sid_hash));
  expect(await epochIn(key)).toBeDefined();
  // With the epoch of the lost list, the sign-in would be answered 503 until its end.
  await vi.waitFor(async () => expect(await epochIn(key)).toBe(await epochIn(signinEpochKey)), within);
  await nats.close();
});
