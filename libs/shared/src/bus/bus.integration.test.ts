import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  findUsers,
  replySubject,
  signinBeatKey,
  signinBucket,
  signinEpochKey,
  signinKey,
  verifyApiKey,
} from '@webxterm/contracts/bus';
import { type Servers, startServers } from '@webxterm/stack';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../config/config.ts';
import { AppError } from '../errors.ts';
import { createLogger } from '../log/logger.ts';
import { AllowList } from '../signins/allow-list.ts';
import { EntrySigner } from '../signins/signed-entry.ts';
import { hashSid } from '../tokens/access-token.ts';
import { connectBus } from './connect.ts';
import { openBucket } from './kv-view.ts';
import { answer, ask } from './request-reply.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const signer = new EntrySigner(randomBytes(32));
const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-bus-'));
let servers: Servers;
let auth: NatsConnection;
let hub: NatsConnection;

beforeAll(async () => {
  servers = await startServers({ dataDir });
  const connect = (user: 'auth' | 'agent-hub'): Promise<NatsConnection> =>
    connectBus({ urls: [servers.natsUrl], user, password: servers.natsPassword(user), logger });
  [auth, hub] = await Promise.all([connect('auth'), connect('agent-hub')]);
});
afterAll(async () => {
  await Promise.all([auth?.close(), hub?.close()]);
  await servers?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const question = { key_sha256: 'a'.repeat(64) };
const codeOf = async (asking: Promise<unknown>): Promise<string> => {
  try {
    await asking;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'answered';
};

describe('a request on the bus', () => {
  it('is unavailable at once when no service responds', async () => {
    const startedAt = performance.now();
    expect(await codeOf(ask(hub, verifyApiKey, question))).toBe('unavailable');
    expect(performance.now() - startedAt).toBeLessThan(verifyApiKey.deadlineMs);
  });

  it('returns the value, or the error with its code; an unexpected error is internal without details', async () => {
    const replies: (() => Promise<{ user_id: string; username: string; key_id: string }>)[] = [
      async () => ({ user_id: 'a'.repeat(24), username: 'ada', key_id: 'k' }),
      async () => {
        throw new AppError('bad_api_key');
      },
      async () => {
        throw new Error('secret detail');
      },
    ];
    answer(auth, verifyApiKey, logger, async () => {
      const reply = replies.shift();
      if (reply === undefined) throw new Error('asked too often');
      return reply();
    });
    await auth.flush();
    expect(await ask(hub, verifyApiKey, question)).toMatchObject({ username: 'ada' });
    expect(await codeOf(ask(hub, verifyApiKey, question))).toBe('bad_api_key');
    const error = await ask(hub, verifyApiKey, question).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'internal' });
    expect(String(error)).not.toContain('secret detail');
  });

  it('that does not have the agreed shape is answered, not dropped', async () => {
    for (const payload of [
      'junk',
      '{}',
      '{"v":2,"request_id":"r","body":{}}',
      '{"v":1,"request_id":"r","body":{"key_sha256":"short"}}',
    ]) {
      const reply = replySubject(verifyApiKey.subject, randomUUID());
      const answered = await hub.request(verifyApiKey.subject, payload, { timeout: 2000, noMux: true, reply });
      expect(answered.json()).toMatchObject({ v: 1, ok: false, error: { code: 'invalid_input' } });
    }
  });

  it('is unavailable at once while 256 of its kind are in progress, and is answered after them', async () => {
    const held = Promise.withResolvers<void>();
    let begun = 0;
    const all = Promise.withResolvers<void>();
    answer(auth, findUsers, logger, async () => {
      begun += 1;
      if (begun === 256) all.resolve();
      await held.promise;
      return { users: [] };
    });
    await auth.flush();
    const asked = Array.from({ length: 256 }, () => ask(hub, findUsers, { username: 'ada' }));
    await all.promise;
    expect(await codeOf(ask(hub, findUsers, { username: 'ada' }))).toBe('unavailable');
    expect(begun).toBe(256);
    held.resolve();
    await Promise.all(asked);
    expect(await ask(hub, findUsers, { username: 'ada' })).toEqual({ users: [] });
  });

  it('that names another reply subject gets no reply', async () => {
    // A subject on which auth may publish and the hub may not.
    const reply = 'auth.user.changed';
    const seen: string[] = [];
    const init = await connectBus({
      urls: [servers.natsUrl],
      user: 'init',
      password: servers.natsPassword('init'),
      logger,
    });
    const kept = async (): Promise<number> =>
      (await init.request('$JS.API.STREAM.INFO.EVENTS')).json<{ state: { messages: number } }>().state.messages;
    const before = await kept();
    hub.publish(verifyApiKey.subject, JSON.stringify({ v: 1, request_id: 'r', body: question }), { reply });
    const own = replySubject(verifyApiKey.subject, randomUUID());
    seen.push((await hub.request(verifyApiKey.subject, 'junk', { timeout: 2000, noMux: true, reply: own })).subject);
    expect([seen, await kept()]).toEqual([[own], before]);
    await init.close();
  });
});

describe('a NATS server that refuses the user', () => {
  it('ends the start with the name of the setting, instead of waiting indefinitely', async () => {
    await expect(connectBus({ urls: [servers.natsUrl], user: 'auth', password: 'wrong', logger })).rejects.toThrow(
      ConfigError,
    );
  });
});

describe('the allow-list', () => {
  const sid = 'a-sign-in-that-counts';
  const entry = {
    user_id: 'a'.repeat(24),
    username: 'ada',
    role: 'user',
    disabled: false,
    exp: 4_000_000_000,
    epoch: 'e1',
  };
  let signedAt = 0;
  /** An entry signed by auth for this key. */
  const statement = (key: string, value: unknown): string => {
    signedAt = Math.max(Date.now(), signedAt + 1);
    return signer.sign(key, signedAt, value);
  };
  const putAsIs = async (key: string, text: string): Promise<void> => {
    await (await openBucket(auth, signinBucket)).put(key, text);
  };
  const put = (key: string, value: unknown): Promise<void> => putAsIs(key, statement(key, value));
  const beat = (): Promise<void> => put(signinBeatKey, { epoch: 'e1', at: new Date().toISOString() });
  const open = (now?: () => number, foreign: string[] = []): AllowList => {
    const options = { bus: hub, logger, keys: [signer.publicKey], onForeign: (key: string) => foreign.push(key) };
    const list = new AllowList(now === undefined ? options : { ...options, now });
    list.start();
    return list;
  };
  const change = (list: AllowList): Promise<string> =>
    new Promise((resolve) =>
      list.onChange((hash, now) => resolve(`${hash} ${now === undefined ? 'ended' : now.role}`)),
    );

  it('accepts a sign-in of its epoch, refuses it after its end, and follows its role', async () => {
    const list = open();
    expect(() => list.require(sid)).toThrow(/cannot be checked/);
    await put(signinKey(hashSid(sid)), entry);
    await beat();
    await put(signinEpochKey, { epoch: 'e1', complete_at: new Date().toISOString() });
    await list.complete();
    expect(list.require(sid)).toMatchObject({ username: 'ada', role: 'user' });

    const promoted = change(list);
    await put(signinKey(hashSid(sid)), { ...entry, role: 'admin' });
    expect(await promoted).toBe(`${hashSid(sid)} admin`);
    expect(list.require(sid).role).toBe('admin');

    const ended = change(list);
    await put(signinKey(hashSid(sid)), null);
    expect(await ended).toBe(`${hashSid(sid)} ended`);
    expect(() => list.require(sid)).toThrow(AppError);
    list.stop();
  });

  it('finds a sign-in that has not arrived yet, by looking it up', async () => {
    const list = open();
    await beat();
    await list.complete();
    list.stop();
    const [made, gone] = ['made-a-moment-ago', 'gone-a-moment-ago'];
    await put(signinKey(hashSid(made)), entry);
    await put(signinKey(hashSid(gone)), null);
    expect((await list.find(made)).username).toBe('ada');
    await expect(list.find(gone)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('is read further after a service had the server store a response among its entries', async () => {
    const list = open();
    await put(signinKey(hashSid(sid)), entry);
    await list.complete();
    const config = { name: 'puller', ack_policy: 'none', filter_subject: 'auth.user.changed' };
    const create = JSON.stringify({ stream_name: 'EVENTS', config });
    const made = await hub.request('$JS.API.CONSUMER.CREATE.EVENTS.puller.auth.user.changed', create);
    const { name } = made.json<{ name: string }>();
    // The server sends "No messages", without a body, to the reply subject, even if the requester may not publish there.
    const poisoned = signinKey('f'.repeat(64));
    hub.publish(`$JS.API.CONSUMER.MSG.NEXT.EVENTS.${name}`, JSON.stringify({ batch: 1, no_wait: true }), {
      reply: `$KV.${signinBucket}.${poisoned}`,
    });
    const bucket = await openBucket(auth, signinBucket);
    await vi.waitFor(async () => expect((await bucket.get(poisoned))?.length).toBe(0));
    const later = open();
    await later.complete();
    for (const reader of [list, later]) expect((await reader.find(sid)).username).toBe('ada');
    list.stop();
    later.stop();
    await bucket.purge(poisoned);
  });

  it('keeps the last entry of auth, whatever is stored in its place, and reports it', async () => {
    const key = signinKey(hashSid(sid));
    const asUser = statement(key, entry);
    await put(key, { ...entry, role: 'admin' });
    await beat();
    const foreign: string[] = [];
    const list = open(undefined, foreign);
    await list.complete();
    expect(list.require(sid).role).toBe('admin');
    const otherKey = new EntrySigner(randomBytes(32));
    const attempts = [
      'no entry',
      asUser,
      otherKey.sign(key, Date.now() + 1000, { ...entry, role: 'user' }),
      statement(signinKey('f'.repeat(64)), { ...entry, role: 'user' }),
    ];
    for (const text of attempts) {
      foreign.length = 0;
      await putAsIs(key, text);
      await vi.waitFor(() => expect(foreign).toEqual([key]));
      expect(list.require(sid).role).toBe('admin');
    }
    foreign.length = 0;
    await (await openBucket(auth, signinBucket)).delete(key);
    await putAsIs(signinEpochKey, otherKey.sign(signinEpochKey, Date.now(), { epoch: 'e2', complete_at: '' }));
    await vi.waitFor(() => expect(foreign).toEqual([key, signinEpochKey]));
    expect(list.require(sid).role).toBe('admin');
    await put(signinEpochKey, { epoch: 'e1', complete_at: new Date().toISOString() });
    list.stop();
  });

  it('does not restore an ended sign-in from an old copy, neither at once nor after a later start', async () => {
    const key = signinKey(hashSid(sid));
    const alive = statement(key, entry);
    await putAsIs(key, alive);
    await beat();
    const foreign: string[] = [];
    const list = open(undefined, foreign);
    await list.complete();
    expect(list.require(sid).username).toBe('ada');
    const ended = change(list);
    await put(key, null);
    await ended;
    await putAsIs(key, alive);
    await vi.waitFor(() => expect(foreign).toEqual([key]));
    await expect(list.find(sid)).rejects.toMatchObject({ code: 'unauthenticated' });
    // Signed 31 s before it was stored.
    await putAsIs(key, signer.sign(key, Date.now() - 31_000, entry));
    const later = open();
    await later.complete();
    await expect(later.find(sid)).rejects.toMatchObject({ code: 'unauthenticated' });
    list.stop();
    later.stop();
  });

  it('answers 503 when it has received no beat for 90 s, whatever entries it has', async () => {
    let now = Date.now();
    const list = open(() => now);
    await put(signinKey(hashSid(sid)), entry);
    await list.complete();
    const received = change(list);
    await put(signinKey(hashSid(sid)), { ...entry, username: 'ada2' });
    await received;
    expect(list.isStale()).toBe(false);
    now += 91_000;
    expect(() => list.require(sid)).toThrow(/cannot be checked/);
    expect(list.isTooOldForOpenTerminals()).toBe(false);
    now += 15 * 60_000;
    expect(list.isTooOldForOpenTerminals()).toBe(true);
    list.stop();
  });

  it('counts the time of a beat, not that of its arrival', async () => {
    const list = open(() => Date.now() + 91_000);
    await list.complete();
    const before = change(list);
    await beat();
    await put(signinKey(hashSid(sid)), { ...entry, username: 'ada3' });
    // NATS delivers in order, so once the later entry has arrived, the beat has arrived too.
    await before;
    expect(list.isStale()).toBe(true);
    list.stop();
  });
});
