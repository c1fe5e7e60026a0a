import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { auditStream, checkpointStream } from '@webxterm/contracts/bus';
import { type AuditRow, listAudit } from '@webxterm/contracts/rest';
import { createLogger, inRequestScope } from '@webxterm/shared';
import { verifyAccessToken } from '@webxterm/shared/api';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import { connectBus, publicKeyVerifier } from '@webxterm/shared/bus';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import {
  type AuthUnderTest,
  admin,
  jwtSecret,
  rootKey,
  startAuthInstance,
  startTestServers,
} from '../testing/auth-under-test.ts';
import { ChainStore } from './chain-store.ts';
import { CheckpointReader } from './checkpoint-reader.ts';
import { Checkpoints } from './checkpoints.ts';
import { Retention } from './retention.ts';
import { auditModels } from './row.ts';

let servers: Awaited<ReturnType<typeof startTestServers>>;
let auth: AuthUnderTest;
let adminToken: string;
let hubBus: NatsConnection;
let hub: Auditor;

const logger = createLogger({ service: 'test', level: 'silent' });
const roots = deriveRootKeys([rootKey]);

beforeAll(async () => {
  servers = await startTestServers();
  auth = await startAuthInstance(servers);
  adminToken = (await auth.call('POST', '/api/login', admin)).body.token ?? '';
  hubBus = await connectBus({
    urls: [servers.natsUrl],
    user: 'agent-hub',
    password: servers.natsPassword('agent-hub'),
    logger,
  });
  hub = new Auditor({ bus: hubBus, outbox: new AuditOutbox(servers.database), logger });
});
afterAll(async () => {
  await hubBus?.close();
  await auth?.stop();
  await servers?.stop();
});

const page = async (query: string) => {
  const { status, body } = await auth.call('GET', `/api/audit${query}`, undefined, { token: adminToken });
  expect([query, status]).toEqual([query, 200]);
  return listAudit.success.schema.parse(body);
};

/** Waits for a row. An audited event appears in the log within a second or two. */
const rowOf = (query: string, matching: (row: AuditRow) => boolean = () => true): Promise<AuditRow> =>
  vi.waitFor(
    async () => {
      const found = (await page(query)).events.find(matching);
      if (found === undefined) throw new Error(`no row for ${query}`);
      return found;
    },
    { timeout: 15_000, interval: 100 },
  );

const signUp = async (name: string) => {
  const person = { username: name, email: `${name}@example.com`, password: `secret of ${name}` };
  const { body } = await auth.call('POST', '/api/signup', person);
  return { ...person, token: body.token ?? '', id: String(body.user?.id), apiKey: String(body.user?.api_key) };
};

const verify = (): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    const env = {
      MONGO_URL: servers.mongoUrl('auth'),
      ROOT_KEY: rootKey.toString('base64url'),
      NATS_URL: servers.natsUrl,
      NATS_USER: 'auth',
      NATS_PASSWORD: servers.natsPassword('auth'),
    };
    const main = fileURLToPath(new URL('verify-main.ts', import.meta.url));
    const child = execFile(process.execPath, [main], { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });

describe('an action on an account', () => {
  it('is recorded with actor, address and request, and without a secret', async () => {
    const ada = await signUp('ada');
    const call = { token: ada.token };
    const row = await rowOf(`?action=signup&user_id=${ada.id}`);
    expect(row).toMatchObject({
      service: 'auth',
      actor: { kind: 'user', user_id: ada.id, username: 'ada', verified: true },
      target: { type: 'user', id: ada.id, name: 'ada' },
      address: '203.0.113.9',
      request_id: 'the-request',
      result: 'ok',
    });
    const refreshed = (await auth.call('POST', '/api/auth/refresh', { token: ada.token })).body.token ?? '';
    const { body } = await auth.call('POST', '/api/profile/regenerate-api-key', undefined, call);
    await auth.call('POST', '/api/profile/reset-password', { current_password: 'no', new_password: 'whatever' }, call);
    const passwords = { current_password: ada.password, new_password: 'another secret' };
    expect((await auth.call('POST', '/api/profile/reset-password', passwords, call)).status).toBe(200);
    await auth.call('PATCH', `/api/users/${ada.id}`, { role: 'admin' }, { token: adminToken });
    await auth.call('PATCH', `/api/users/${ada.id}`, { role: 'user' }, { token: adminToken });
    const other = (await auth.call('POST', '/api/login', { email: ada.email, password: 'another secret' })).body.token;
    await auth.call('DELETE', '/api/auth/sessions', undefined, call);
    await auth.call('POST', '/api/auth/logout', undefined, call);
    const expected: [string, object][] = [
      ['token_refresh', { result: 'ok' }],
      ['api_key_regenerated', { result: 'ok' }],
      ['password_changed', { result: 'failed', reason: 'invalid_input' }],
      ['password_changed', { result: 'ok' }],
      ['role_changed', { details: { was: 'user', role: 'admin' }, target: { name: 'ada' } }],
      ['login', { result: 'ok' }],
      ['signin_ended', { reason: 'ended_by_user' }],
      ['logout', { reason: 'signed_out' }],
    ];
    await rowOf(`?action=logout&user_id=${ada.id}`);
    const { events } = await page(`?user_id=${ada.id}&limit=200`);
    for (const [action, facts] of expected)
      expect(events).toContainEqual(expect.objectContaining({ action, ...nested(facts) }));
    const text = JSON.stringify(await servers.database.collection('audit_events').find().toArray());
    const secrets = [ada.password, 'another secret', ada.token, refreshed, other, ada.apiKey, body.api_key];
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  it('counts failed sign-ins, and stores no typed text', async () => {
    const bob = await signUp('bob');
    for (let attempt = 0; attempt < 4; attempt += 1)
      await auth.call('POST', '/api/login', { email: bob.email, password: 'wrong guess' });
    await auth.call('POST', '/api/login', { email: 'my.password@typed.example', password: 'wrong guess' });
    const row = await rowOf(`?action=login_failed&user_id=${bob.id}`);
    expect(row).toMatchObject({ actor: { kind: 'nobody' }, result: 'denied', reason: 'wrong_credentials', count: 1 });
    const unknown = await rowOf('?action=login_failed', ({ target }) => target === null);
    expect(JSON.stringify(unknown)).not.toContain('typed.example');
    const { events } = await page(`?action=login_failed&user_id=${bob.id}`);
    expect(events.filter(({ reason }) => reason === 'wrong_credentials')).toHaveLength(1);
  });
});

const nested = (facts: object): object =>
  Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      typeof value === 'object' ? expect.objectContaining(value) : value,
    ]),
  );

describe('an event of another service', () => {
  const agentId = `ag_${'0'.repeat(26)}`;
  const scopeOf = (caller: { userId: string; username: string; sid: string }) => ({
    requestId: 'q',
    clientIp: '198.51.100.7',
    userAgent: 'x',
    caller,
  });
  const sidOf = (token: string): string => verifyAccessToken([{ kid: 'k1', secret: jwtSecret }], token).sid;

  it('is verified for a user whose sign-in is known, also after its end, and otherwise marked', async () => {
    const [eve, sam] = [await signUp('eve'), await signUp('sam')];
    const sid = sidOf(eve.token);
    // The event names sam but has the reference of eve's token, so the actor is eve.
    const record = (name: string, caller: { userId: string; username: string; sid: string }): Promise<void> =>
      inRequestScope(scopeOf(caller), () =>
        hub.record({ action: 'machine_renamed', agentId, target: { type: 'machine', id: agentId, name } }),
      );
    await record('by eve', { userId: sam.id, username: 'sam', sid });
    await record('by nobody', { userId: sam.id, username: 'sam', sid: 'made up' });
    const named = (name: string) => rowOf(`?machine=${agentId}`, ({ target }) => target?.name === name);
    expect((await named('by eve')).actor).toEqual({ kind: 'user', user_id: eve.id, username: 'eve', verified: true });
    expect((await named('by nobody')).actor).toMatchObject({ user_id: sam.id, verified: false });
    await rowOf(`?action=signup&user_id=${eve.id}`);
    await auth.call('POST', '/api/auth/logout', undefined, { token: eve.token });
    await record('late', { userId: sam.id, username: 'sam', sid });
    expect((await named('late')).actor).toMatchObject({ user_id: eve.id, verified: true });
  });

  it('is a row of its own if it is invalid, or if its service may not publish it', async () => {
    const stream = jetstream(hubBus);
    await stream.publish('audit.agent-hub.machine_renamed', 'junk');
    await stream.publish('audit.agent-hub.login', JSON.stringify({ v: 1, request_id: 'r', body: {} }));
    const refused = (problem: string) => rowOf('?action=audit_refused', ({ details }) => details.problem === problem);
    expect(await refused('no event')).toMatchObject({ service: 'agent-hub', result: 'denied' });
    expect(await refused('not an action of this service')).toMatchObject({ service: 'agent-hub' });
  });

  it("cannot be published under another service's name, read back, shortened, or given false checkpoints", async () => {
    const stream = jetstream(hubBus, { timeout: 1000 });
    await expect(stream.publish('audit.auth.login', '{}')).rejects.toThrow();
    await expect(stream.publish(checkpointStream.subjects[0], '{}')).rejects.toThrow();
    const manager = await jetstreamManager(hubBus, { checkAPI: false, timeout: 1000 });
    for (const { name } of [auditStream, checkpointStream]) {
      await expect(manager.streams.purge(name)).rejects.toThrow();
      await expect(manager.streams.delete(name)).rejects.toThrow();
      await expect(manager.streams.getMessage(name, { seq: 1 })).rejects.toThrow();
      await expect(manager.consumers.add(name, { durable_name: 'thief' })).rejects.toThrow();
    }
  });
});

describe('the list', () => {
  it('pages by cursor without a gap or a repetition while rows are added, and filters', async () => {
    await Promise.all(Array.from({ length: 25 }, () => hub.record({ action: 'machine_removed' })));
    await vi.waitFor(
      async () => expect((await page('?action=machine_removed&limit=200')).events).toHaveLength(25),
      10_000,
    );
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const found: Awaited<ReturnType<typeof page>> = await page(
        `?action=machine_removed&limit=10${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...found.events.map(({ seq }) => seq));
      cursor = found.next_cursor;
      await hub.record({ action: 'machine_handed_over' });
    }
    expect(new Set(seen).size).toBe(25);
    expect(seen).toHaveLength(25);
    const now = Date.now();
    const span = (from: number, to: number) =>
      `?action=machine_removed&from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
    expect((await page(span(now - 600_000, now + 60_000))).events).toHaveLength(25);
    expect((await page(span(now + 60_000, now + 120_000))).events).toHaveLength(0);
    expect((await page('?action=machine_removed&result=denied')).events).toHaveLength(0);
    const { next_cursor: next } = await page('?action=machine_removed&limit=10');
    const [at, seq] = String(next).split('-');
    // As an auth of an earlier version wrote it.
    expect((await page(`?action=machine_removed&cursor=${at}-${seq}`)).events).toHaveLength(15);
    for (const filter of ['', 'action=machine_handed_over&', 'action=machine_removed&result=ok&']) {
      const query = `/api/audit?${filter}cursor=${next}`;
      const { status, body } = await auth.call('GET', query, undefined, { token: adminToken });
      expect([filter, status, body]).toMatchObject([filter, 400, { details: [{ path: 'cursor' }] }]);
    }
  });

  it('refuses a time without an offset, a cursor that is none, an unknown action, and a user who is no administrator', async () => {
    for (const query of [
      'from=2026-11-25T10:00:00',
      'cursor=x',
      'cursor=zzzzzzzzzzzz-1',
      'action=nothing',
      'limit=1000',
      'x=1',
    ])
      expect([query, (await auth.call('GET', `/api/audit?${query}`, undefined, { token: adminToken })).status]).toEqual(
        [query, 400],
      );
    const user = await signUp('user');
    for (const path of ['/api/audit', '/api/audit/export.csv', '/api/audit/export.ndjson'])
      expect((await auth.call('GET', path, undefined, { token: user.token })).status).toBe(403);
  });
});

// Each check runs as a separate process, and a test has several of them.
describe('the chain in the database', { timeout: 180_000 }, () => {
  const chainOf = async () => {
    const connection = await mongoose.createConnection(servers.mongoUrl('auth')).asPromise();
    const models = auditModels(connection);
    return { connection, models, chain: new ChainStore(models, roots) };
  };

  it('stays one chain while several instances write at once', async () => {
    const [one, two] = [await chainOf(), await chainOf()];
    const entry = (name: string) => ({
      event_id: name.padEnd(22, 'x'),
      at: new Date(),
      recorded_at: new Date(),
      service: 'terminal' as const,
      action: 'terminal_opened' as const,
      actor: { kind: 'service' as const, user_id: null, username: '', verified: true, signin_ref: null },
      target: null,
      agent_id: null,
      session_id: null,
      address: '',
      user_agent: '',
      result: 'ok' as const,
      reason: null,
      request_id: '',
      count: 1,
      details: '{}',
    });
    const batch = (writer: string, round: number) =>
      Array.from({ length: 20 }, (_, index) => entry(`${writer}-${round}-${index}`));
    const written = await Promise.all(
      Array.from({ length: 10 }, (_, round) => [
        one.chain.append(batch('one', round)),
        two.chain.append(batch('two', round)),
        // The same entries again from the other writer: no row is written twice.
        two.chain.append(batch('one', round)),
      ]).flat(),
    );
    expect(written.length).toBe(30);
    expect(await one.models.rows.countDocuments({ action: 'terminal_opened' })).toBe(400);
    expect(await verify()).toMatchObject({ code: 0 });
    await Promise.all([one.connection.close(), two.connection.close()]);
  });

  it('is detected as tampered: changed, removed, truncated', async () => {
    const { connection, models, chain } = await chainOf();
    const authBus = await connectBus({
      urls: [servers.natsUrl],
      user: 'auth',
      password: servers.natsPassword('auth'),
      logger,
    });
    await new Checkpoints({ bus: authBus, chain, signer: roots.current.allowList, logger }).publish();
    const whole = await verify();
    expect(whole).toMatchObject({ code: 0, said: expect.stringContaining('checkpoints agree') });
    // Bytes that the server stored there for another service. No client can delete them from that stream.
    const init = await connectBus({
      urls: [servers.natsUrl],
      user: 'init',
      password: servers.natsPassword('init'),
      logger,
    });
    const stored = [checkpointStream.subjects[0], checkpointStream.name].map((name) => `$JS.API.STREAM.INFO.${name}`);
    for (const subject of stored) init.publish(subject, '', { reply: checkpointStream.subjects[0] });
    await init.close();
    const forged = JSON.stringify({ v: 1, seq: 3, mac: 'forged', at: new Date().toISOString() });
    await jetstream(authBus).publish(checkpointStream.subjects[0], forged);
    await jetstream(authBus).publish(checkpointStream.subjects[0], 'no JSON');
    expect(await verify()).toMatchObject({ code: 0, said: expect.stringContaining('and were skipped') });
    const last = await models.rows.findOne().sort({ seq: -1 }).lean();
    const third = await models.rows.findOne({ seq: 3 }).lean();
    if (last === null || third === null) throw new Error('no rows');

    await models.rows.updateOne({ seq: 3 }, { $set: { address: '192.0.2.1' } });
    expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('row 3: it was changed') });
    await models.rows.updateOne({ seq: 3 }, { $set: { address: third.address } });
    await models.rows.deleteOne({ seq: 3 });
    expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('rows 3 to 3 are missing') });
    await models.rows.insertMany([third]);
    await models.rows.deleteOne({ seq: last.seq });
    expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('tail was cut off') });
    await models.rows.insertMany([last]);
    expect(await verify()).toMatchObject({ code: 0 });
    await authBus.close();
    await connection.close();
  });

  it('loses its old rows by retention, records it, and is complete with the anchor', async () => {
    const { connection, models } = await chainOf();
    const auditor = new Auditor({ bus: undefined, outbox: new AuditOutbox(connection), logger });
    const inADay = () => Date.now() + 24 * 3_600_000;
    const retention = new Retention({ connection, models, roots, auditor, logger, days: 1, now: inADay });
    const before = await models.rows.countDocuments();
    expect(await retention.cut()).toBe(before - 1);
    expect(await rowOf('?action=audit_expired')).toMatchObject({ details: { rows: before - 1, retention_days: 1 } });
    expect(await verify()).toMatchObject({ code: 0 });
    await models.anchors.deleteOne({});
    expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('are missing') });
    await connection.close();
  });
});

describe('the stream of checkpoints', () => {
  it('that is lost while it is read ends the check with this reason', async () => {
    const connect = (user: 'auth' | 'init'): Promise<NatsConnection> =>
      connectBus({ urls: [servers.natsUrl], user, password: servers.natsPassword(user), logger });
    const [bus, init] = await Promise.all([connect('auth'), connect('init')]);
    const { streams } = await jetstreamManager(init);
    await jetstream(bus).publish(checkpointStream.subjects[0], 'no JSON');
    // The stream is lost after its consumer was created, and before the consumer is asked for messages.
    const isPull = (subject: string): boolean => subject.startsWith('$JS.API.CONSUMER.MSG.NEXT');
    const losing = new Proxy(bus, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (name !== 'publish' || !isPull(String(args[0]))) return value.apply(target, args);
          void streams.delete(checkpointStream.name).finally(() => value.apply(target, args));
          return undefined;
        };
      },
    });
    const reader = new CheckpointReader({
      bus: losing,
      verifier: publicKeyVerifier([roots.current.allowList.publicKey]),
      unsignedUntil: 0,
      logger,
    });
    await expect(reader.read()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('was lost while it was read'),
    });
    await Promise.all([bus.close(), init.close()]);
  });
});
