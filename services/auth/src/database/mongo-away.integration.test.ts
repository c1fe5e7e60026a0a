import { verifyApiKey } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { ask, connectBus } from '@webxterm/shared/bus';
import { describe, expect, it, vi } from 'vitest';
import { apiKeySha256 } from '../api-keys/api-key.ts';
import { admin } from '../testing/auth-under-test.ts';
import { auth, servers, useAuth } from '../testing/use-auth.ts';

useAuth(1);

describe('while MongoDB is unavailable', () => {
  it('signed-in users continue, requests that need it are 503 within seconds, and everything recovers', async () => {
    const signedIn = (await auth.call('POST', '/api/login', admin)).body;
    const { token } = signedIn;
    const hub = await connectBus({
      urls: [servers.natsUrl],
      user: 'agent-hub',
      password: servers.natsPassword('agent-hub'),
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    const verify = () => ask(hub, verifyApiKey, { key_sha256: apiKeySha256(String(signedIn.user?.api_key)) });
    expect((await verify()).username).toBe('admin');

    await servers.mongod.stop();
    expect((await auth.call('POST', '/api/auth/refresh', { token })).status).toBe(200);
    const person = { username: 'Ada', email: 'ada@example.com', password: 'yourpassword' };
    for (const [method, path, body] of [
      ['POST', '/api/login', admin],
      ['POST', '/api/signup', person],
      ['GET', '/api/profile', undefined],
      ['GET', '/api/auth/sessions', undefined],
      ['GET', '/api/users', undefined],
      ['POST', '/api/auth/logout', undefined],
    ] as const) {
      const answer = await auth.call(method, path, body, { token });
      expect([path, answer.status, answer.body.code]).toEqual([path, 503, 'unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await expect(verify()).rejects.toMatchObject({ code: 'unavailable' });

    await servers.mongod.start();
    await vi.waitFor(async () => expect((await auth.call('POST', '/api/login', admin)).status).toBe(200), {
      timeout: 20_000,
      interval: 250,
    });
    expect((await auth.call('GET', '/api/profile', undefined, { token })).status).toBe(200);
    expect((await auth.call('POST', '/api/signup', person)).status).toBe(201);
    await hub.close();
  });

  it('health names it when it is frozen, a request that waits for it is 503, and everything recovers', async () => {
    const { body } = await auth.call('POST', '/api/login', admin);
    // It holds the connections and sends nothing, as when its disk does not answer.
    const { pid } = servers.mongod;
    if (pid === undefined) throw new Error('mongod does not run');
    const part = async (): Promise<unknown> => (await auth.ready()).parts.mongodb;
    const within = { timeout: 30_000, interval: 250 };
    process.kill(pid, 'SIGSTOP');
    try {
      const profile = auth.call('GET', '/api/profile', undefined, { token: String(body.token) });
      await vi.waitFor(async () => expect(await part()).toMatchObject({ ok: false }), within);
      expect((await profile).status).toBe(503);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await vi.waitFor(async () => expect(await part()).toMatchObject({ ok: true }), within);
    expect((await auth.call('POST', '/api/login', admin)).status).toBe(200);
  });
});
