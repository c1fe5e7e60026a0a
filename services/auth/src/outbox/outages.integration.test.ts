import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { signinBeatKey, verifyApiKey } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { ask, connectBus } from '@webxterm/shared/bus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ListBucket } from '../allow-list/list-bucket.ts';
import { apiKeySha256 } from '../api-keys/api-key.ts';
import { type AuthUnderTest, admin, startAuthInstance, startTestServers } from '../testing/auth-under-test.ts';
import { type CuttableProxy, startProxy } from '../testing/cuttable-proxy.ts';
import { holdBack } from '../testing/hold-back.ts';

let servers: Awaited<ReturnType<typeof startTestServers>>;
let proxy: CuttableProxy;
let otherProxy: CuttableProxy;
let auth: AuthUnderTest;
/** Its connection to NATS stays up while that of `auth` is cut. */
let other: AuthUnderTest;
let init: NatsConnection;
let hub: NatsConnection;

const logger = createLogger({ service: 'test', level: 'silent' });
const busOf = (user: 'init' | 'agent-hub') =>
  connectBus({ urls: [servers.natsUrl], user, password: servers.natsPassword(user), logger });

beforeAll(async () => {
  servers = await startTestServers();
  proxy = await startProxy(servers.natsUrl);
  auth = await startAuthInstance(servers, { NATS_URL: proxy.address });
  otherProxy = await startProxy(servers.natsUrl);
  other = await startAuthInstance(servers, { NATS_URL: otherProxy.address });
  [init, hub] = await Promise.all([busOf('init'), busOf('agent-hub')]);
});

afterAll(async () => {
  await Promise.all([init.close(), hub.close()]);
  await Promise.all([auth.stop(), other.stop()]);
  await Promise.all([proxy.close(), otherProxy.close()]);
  await servers.stop();
});

let count = 0;
const somebody = () => {
  count += 1;
  return { username: `person ${count}`, email: `person${count}@example.com`, password: 'yourpassword' };
};
const status = async (instance: AuthUnderTest, token: string | undefined): Promise<number> =>
  (await instance.call('GET', '/api/profile', undefined, { token })).status;
const owed = (): Promise<number> => servers.database.collection('signins_outbox').countDocuments();
const within = { timeout: 15_000, interval: 200 };

const natsAway = async (during: () => Promise<void>): Promise<void> => {
  proxy.cut();
  await vi.waitFor(async () => expect((await auth.ready()).parts.nats?.ok).toBe(false), within);
  try {
    await during();
  } finally {
    proxy.mend();
  }
  await vi.waitFor(async () => expect((await auth.call('POST', '/api/login', admin)).status).toBe(200), within);
};

describe('while NATS is unavailable', () => {
  it('a sign-up is 503, and the same request is answered 201 after NATS has recovered', async () => {
    const person = somebody();
    await natsAway(async () => {
      const answer = await auth.call('POST', '/api/signup', person);
      expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    });
    const otherWords = await other.call('POST', '/api/signup', { ...person, password: 'another password' });
    expect([otherWords.status, otherWords.body.code]).toEqual([409, 'email_taken']);
    const otherName = await other.call('POST', '/api/signup', { ...person, username: 'another name' });
    expect(otherName.status).toBe(409);
    const again = await other.call('POST', '/api/signup', person);
    expect(again.status).toBe(201);
    expect(await status(auth, again.body.token)).toBe(200);
    expect((await other.call('POST', '/api/signup', person)).status).toBe(409);
  });

  it('an event of an earlier version that is no longer published delays no other', async () => {
    const event = { subject: 'auth.signin.revoked', body: { sid_sha256: 'a'.repeat(64), reason: 'signed_out' } };
    await servers.database.collection('signins_outbox').insertOne({ sid_hash: null, event, created_at: new Date(0) });
    await vi.waitFor(async () => expect(await owed()).toBe(0), within);
  });

  it('a sign-in is 503, and its pending changes are completed later', async () => {
    const person = somebody();
    await other.call('POST', '/api/signup', person);
    const { email, password } = person;
    await natsAway(async () => {
      const answer = await auth.call('POST', '/api/login', { email, password });
      expect([answer.status, answer.body.error]).toEqual([503, expect.stringContaining('cannot be recorded')]);
      expect(await owed()).toBeGreaterThan(0);
    });
    await vi.waitFor(async () => expect(await owed()).toBe(0), within);
  });

  it('a change of a user is 503, says that it is stored, and takes effect later', async () => {
    const person = somebody();
    const { token, user } = (await other.call('POST', '/api/signup', person)).body;
    const login = (await auth.call('POST', '/api/login', admin)).body;
    await natsAway(async () => {
      const answer = await auth.call('PATCH', `/api/users/${user?.id}`, { disabled: true }, { token: login.token });
      expect([answer.status, answer.body.error]).toEqual([503, expect.stringContaining('The change is stored')]);
      const ended = await auth.call('POST', '/api/auth/logout', undefined, { token: login.token });
      expect([ended.status, ended.body.error]).toEqual([503, expect.stringContaining('The change is stored')]);
    });
    await vi.waitFor(async () => expect(await status(other, token)).toBe(401), within);
  });

  it('signed-in users continue: profile and refresh are answered', async () => {
    const { token } = (await other.call('POST', '/api/signup', somebody())).body;
    expect(await status(auth, token)).toBe(200);
    await natsAway(async () => {
      expect(await status(auth, token)).toBe(200);
      expect((await auth.call('POST', '/api/auth/refresh', { token })).status).toBe(200);
      expect(await auth.ready()).toMatchObject({ status: 'degraded' });
    });
  });

  it('a beat that still waits for the lost connection does not delay sign-in after NATS has recovered', async () => {
    const holdBeat = () => holdBack('before', ListBucket.prototype, 'write', (key) => key === signinBeatKey);
    // One beat of each instance: the second is of the instance whose beats are not held yet.
    const first = holdBeat();
    await first.reached;
    const second = holdBeat();
    await second.reached;
    try {
      await natsAway(async () => {
        expect((await auth.call('POST', '/api/login', admin)).status).toBe(503);
      });
      await vi.waitFor(async () => expect(await auth.ready()).toMatchObject({ status: 'ok' }), within);
    } finally {
      first.release();
      second.release();
    }
    expect((await auth.call('POST', '/api/login', admin)).status).toBe(200);
    expect(await auth.ready()).toMatchObject({ status: 'ok' });
  });

  it('a sign-out is 503, and completed by an instance that reaches NATS', async () => {
    const { token } = (await other.call('POST', '/api/signup', somebody())).body;
    await natsAway(async () => {
      const answer = await auth.call('POST', '/api/auth/logout', undefined, { token });
      expect(answer.status).toBe(503);
      await vi.waitFor(async () => expect(await status(other, token)).toBe(401), within);
    });
    await vi.waitFor(async () => expect(await status(auth, token)).toBe(401), within);
  });
});

describe('a NATS that stores no sign-ins', () => {
  it('is named by readiness with the remedy, sign-in is 503, and both recover by themselves', async () => {
    const { streams } = await jetstreamManager(init);
    const { config } = await streams.info('KV_signins');
    // It refuses every write.
    await streams.update('KV_signins', { ...config, max_msg_size: 1 });
    try {
      const detail = 'NATS does not store sign-ins: check its log and its free disk space';
      await vi.waitFor(async () => {
        expect((await auth.ready()).parts).toMatchObject({ nats: { ok: true }, signins: { ok: false, detail } });
      }, within);
      expect((await auth.call('POST', '/api/login', admin)).status).toBe(503);
    } finally {
      await streams.update('KV_signins', config);
    }
    await vi.waitFor(async () => expect(await auth.ready()).toMatchObject({ status: 'ok' }), within);
    expect((await auth.call('POST', '/api/login', admin)).status).toBe(200);
  });
});

describe('when NATS has lost its volume', () => {
  it('the allow-list is rebuilt from the database: signed-in users are on it, signed-out users are not', async () => {
    const stays = (await auth.call('POST', '/api/signup', somebody())).body.token;
    const gone = (await auth.call('POST', '/api/signup', somebody())).body.token;
    expect((await auth.call('POST', '/api/auth/logout', undefined, { token: gone })).status).toBe(204);
    const streams = (await jetstreamManager(init)).streams;
    await natsAway(async () => {
      otherProxy.cut();
      await vi.waitFor(async () => expect((await other.ready()).parts.nats?.ok).toBe(false), within);
      for (const stream of ['KV_signins', 'KV_presence', 'EVENTS', 'AUDIT']) await streams.delete(stream);
      otherProxy.mend();
    });
    await vi.waitFor(async () => {
      expect(await status(auth, stays)).toBe(200);
      expect(await status(other, stays)).toBe(200);
    }, within);
    // This instance knows only the current content of the bucket.
    const fresh = await startAuthInstance(servers);
    expect(await status(fresh, stays)).toBe(200);
    // An instance that reads the new list may answer 503 for a moment, but no instance ever accepts the ended sign-in.
    const seen: number[] = [];
    for (const each of [auth, other, fresh])
      await vi.waitFor(async () => {
        seen.push(await status(each, gone));
        expect(seen.at(-1)).toBe(401);
      }, within);
    expect(seen).not.toContain(200);
    await fresh.stop();
    const next = await auth.call('POST', '/api/signup', somebody());
    expect(next.status).toBe(201);
    await vi.waitFor(async () => expect(await status(other, next.body.token)).toBe(200), within);
  });
});

describe('when NATS loses a stream while it is running', () => {
  const names = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { config } of (await jetstreamManager(init)).streams.list()) found.push(config.name);
    return found;
  };

  it.each(['EVENTS', 'AUDIT', 'AUDIT_CHECKPOINTS', 'KV_presence', 'KV_signins'])(
    '%s is created again, and sign-in continues',
    async (name) => {
      expect(await names()).toContain(name);
      await (await jetstreamManager(init)).streams.delete(name);
      await vi.waitFor(async () => expect(await names()).toContain(name), within);
      await vi.waitFor(async () => expect((await auth.call('POST', '/api/login', admin)).status).toBe(200), within);
    },
  );

  it('the event of a change that was made meanwhile reaches the new stream', async () => {
    const { streams } = await jetstreamManager(init);
    const person = somebody();
    const { id } = (await auth.call('POST', '/api/signup', person)).body.user ?? {};
    const { token } = (await auth.call('POST', '/api/login', admin)).body;
    await streams.delete('EVENTS');
    const answer = await auth.call('PATCH', `/api/users/${id}`, { disabled: true }, { token });
    expect([200, 503]).toContain(answer.status);
    // A 503 may also say that the sign-in cannot be checked. Then no change was made, and no event is owed.
    const row = await servers.database.collection('users').findOne({ username: person.username });
    expect([answer.body, row?.disabled]).toEqual([expect.anything(), true]);
    /** The changes of users in the stream. Those of earlier tests may arrive there later than this one. */
    const stored = async (): Promise<unknown[]> => {
      const { state } = await streams.info('EVENTS');
      const changes: unknown[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
        const message = await streams.getMessage('EVENTS', { seq });
        if (message?.subject === 'auth.user.changed') changes.push(message.json());
      }
      return changes;
    };
    const change = expect.objectContaining({ body: expect.objectContaining({ user_id: id, disabled: true }) });
    await vi.waitFor(async () => expect(await stored()).toContainEqual(change), within);
    await vi.waitFor(async () => expect(await owed()).toBe(0), within);
  });

  it('health names AUDIT until it is created again', async () => {
    const part = async () => (await auth.ready()).parts.audit;
    // The tests before have deleted the stream too.
    await vi.waitFor(async () => expect(await part()).toMatchObject({ ok: true }), within);
    await (await jetstreamManager(init)).streams.delete('AUDIT');
    await vi.waitFor(
      async () => expect(await part()).toMatchObject({ ok: false, detail: 'the stream AUDIT cannot be read' }),
      within,
    );
    await vi.waitFor(async () => expect(await part()).toMatchObject({ ok: true }), within);
  });
});

describe('an API key', () => {
  it('is found by its SHA-256 by services with that permission', async () => {
    const person = somebody();
    const { user } = (await auth.call('POST', '/api/signup', person)).body;
    const key = String(user?.api_key);
    expect(await ask(hub, verifyApiKey, { key_sha256: apiKeySha256(key) })).toEqual({
      user_id: user?.id,
      username: person.username,
      key_id: expect.stringMatching(/^[0-9a-f]{24}$/),
    });
    await vi.waitFor(async () => {
      const row = await servers.database.collection('users').findOne({ username: person.username });
      expect(row?.api_key.last_used_at).toBeInstanceOf(Date);
    });
  });

  it('that is not one is refused, and so is that of a disabled user', async () => {
    await expect(ask(hub, verifyApiKey, { key_sha256: apiKeySha256('vsay_ak_nothing') })).rejects.toMatchObject({
      code: 'bad_api_key',
    });
    const person = somebody();
    const { user } = (await auth.call('POST', '/api/signup', person)).body;
    await servers.database.collection('users').updateOne({ username: person.username }, { $set: { disabled: true } });
    await expect(ask(hub, verifyApiKey, { key_sha256: apiKeySha256(String(user?.api_key)) })).rejects.toMatchObject({
      code: 'user_disabled',
    });
  });
});
