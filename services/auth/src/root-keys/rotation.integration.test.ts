import { randomBytes } from 'node:crypto';
import { verifyApiKey } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { ask, connectBus } from '@webxterm/shared/bus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { apiKeySha256 } from '../api-keys/api-key.ts';
import {
  type AuthUnderTest,
  jwtSecret,
  rootKey,
  startAuthInstance,
  startTestServers,
} from '../testing/auth-under-test.ts';
import { claimsOf } from '../testing/forged-tokens.ts';
import { challengeOf, codeOf, setUpApp } from '../testing/second-factor-of.ts';

let servers: Awaited<ReturnType<typeof startTestServers>>;
let hub: Awaited<ReturnType<typeof connectBus>>;

beforeAll(async () => {
  servers = await startTestServers();
  hub = await connectBus({
    urls: [servers.natsUrl],
    user: 'agent-hub',
    password: servers.natsPassword('agent-hub'),
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
});

afterAll(async () => {
  await hub.close();
  await servers.stop();
});

/** Runs `work` on a new instance, since these tests need instances with different keys. */
const withAuth = async <T>(settings: Record<string, string>, work: (auth: AuthUnderTest) => Promise<T>): Promise<T> => {
  const auth = await startAuthInstance(servers, settings);
  try {
    return await work(auth);
  } finally {
    await auth.stop();
  }
};

const text = (key: Buffer): string => key.toString('base64url');
const person = (name: string) => ({ username: name, email: `${name}@example.com`, password: 'yourpassword' });
const signIn = async (auth: AuthUnderTest, name: string) => {
  const { email, password } = person(name);
  return auth.call('POST', '/api/login', { email, password });
};
const owner = (key: unknown) => ask(hub, verifyApiKey, { key_sha256: apiKeySha256(String(key)) });

describe('a new root key', () => {
  const fresh = randomBytes(32);
  const both = { ROOT_KEY: `${text(fresh)}\n${text(rootKey)}` };

  it('is added first: passwords and API keys of the old one stay valid, and move when they are used', async () => {
    const keys = await withAuth({}, async (auth) => ({
      ada: (await auth.call('POST', '/api/signup', person('ada'))).body.user?.api_key,
      bob: (await auth.call('POST', '/api/signup', person('bob'))).body.user?.api_key,
    }));
    await withAuth(both, async (auth) => {
      // The new instance's subscription reaches NATS a moment after the instance is ready.
      await vi.waitFor(async () => expect((await owner(keys.ada)).username).toBe('ada'));
      expect((await owner(keys.bob)).username).toBe('bob');
      const signedIn = await signIn(auth, 'ada');
      expect([signedIn.status, signedIn.body.user?.api_key]).toEqual([200, keys.ada]);
      expect((await auth.call('POST', '/api/signup', person('cyd'))).status).toBe(201);
    });
    // The old root is removed: users who signed in before have lost nothing.
    await withAuth({ ROOT_KEY: text(fresh) }, async (auth) => {
      const signedIn = await signIn(auth, 'ada');
      expect([signedIn.status, signedIn.body.user?.api_key]).toEqual([200, keys.ada]);
      await vi.waitFor(async () => expect((await owner(keys.ada)).username).toBe('ada'));
      expect((await signIn(auth, 'cyd')).status).toBe(200);
      // Users who did not sign in need a reset link, and their agents need a new key.
      expect((await signIn(auth, 'bob')).status).toBe(401);
      await expect(owner(keys.bob)).rejects.toMatchObject({ code: 'bad_api_key' });
    });
  });
});

describe('a new root key and authenticator apps', () => {
  const fresh = randomBytes(32);

  it('the secret of an app moves when a code of it is used; a challenge is invalid after the password has moved', async () => {
    const eve = person('eve');
    const complete = (auth: AuthUnderTest, challenge: string, code: string) =>
      auth.call('POST', '/api/login/second-factor', { challenge, code });
    const { secret, challenge } = await withAuth({}, async (auth) => {
      const { token } = (await auth.call('POST', '/api/signup', eve)).body;
      const { secret } = await setUpApp(auth, { token, password: eve.password });
      return { secret, challenge: challengeOf(await signIn(auth, 'eve')) };
    });
    await withAuth({ ROOT_KEY: `${text(fresh)}\n${text(rootKey)}` }, async (auth) => {
      // The first step also moves the password.
      await signIn(auth, 'eve');
      const done = await complete(auth, challengeOf(await signIn(auth, 'eve')), codeOf(secret, 1));
      expect(done.status).toBe(200);
      expect((await complete(auth, challenge, codeOf(secret, 1))).body.code).toBe('bad_challenge');
    });
    await withAuth({ ROOT_KEY: text(fresh) }, async (auth) => {
      const filter = { email_lower: eve.email };
      const forget = { $set: { 'second_factor.totp.last_step': 0 } };
      await servers.database.collection('users').updateOne(filter, forget);
      expect((await complete(auth, challengeOf(await signIn(auth, 'eve')), codeOf(secret))).status).toBe(200);
    });
  });
});

describe('a new signing key', () => {
  const fresh = `k2 ${text(randomBytes(32))}`;
  const old = `k1 ${text(jwtSecret)}`;
  const status = async (auth: AuthUnderTest, token: unknown): Promise<number> =>
    (await auth.call('GET', '/api/profile', undefined, { token: String(token) })).status;
  const kid = (token: unknown): unknown =>
    JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString()).kid;

  it('is distributed first, signs next, and the old one is removed last: no token is refused meanwhile', async () => {
    await withAuth({ JWT_KEYS: old }, async (before) => {
      const token = (await signInAs(before, 'dan')).token;
      expect(kid(token)).toBe('k1');
      await withAuth({ JWT_KEYS: `${old}\n${fresh}` }, async (knows) => {
        expect(await status(knows, token)).toBe(200);
        const still = (await knows.call('POST', '/api/auth/refresh', { token })).body.token;
        expect([kid(still), await status(before, still)]).toEqual(['k1', 200]);
        await withAuth({ JWT_KEYS: `${fresh}\n${old}` }, async (signs) => {
          const next = (await signs.call('POST', '/api/auth/refresh', { token: still })).body.token;
          expect([kid(next), claimsOf(String(next)).sid]).toEqual(['k2', claimsOf(String(token)).sid]);
          for (const auth of [knows, signs]) expect(await status(auth, next)).toBe(200);
          expect(await status(signs, token)).toBe(200);
          await withAuth({ JWT_KEYS: fresh }, async (alone) => {
            expect(await status(alone, next)).toBe(200);
            expect(await status(alone, token)).toBe(401);
          });
        });
        // A key that signs immediately: instances that were not restarted reject its tokens.
        await withAuth({ JWT_KEYS: `${fresh}\n${old}` }, async (hasty) => {
          const next = (await hasty.call('POST', '/api/auth/refresh', { token })).body.token;
          expect(await status(before, next)).toBe(401);
        });
      });
    });
  });

  const signInAs = async (auth: AuthUnderTest, name: string) =>
    (await auth.call('POST', '/api/signup', person(name))).body;
});
