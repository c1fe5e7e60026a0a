import { sealResumePass, sealToken } from '@webxterm/shared/api';
import { describe, expect, it, vi } from 'vitest';
import { admin, jwtSecret, startAuthInstance } from '../testing/auth-under-test.ts';
import { claimsOf, forgedTokens, signHs256 } from '../testing/forged-tokens.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';

useAuth(2);

const signIn = async (): Promise<string> => (await auth.call('POST', '/api/login', admin)).body.token ?? '';

describe('refresh', () => {
  it('exchanges a token for a new one and keeps the old one valid', async () => {
    const token = await signIn();
    const answer = await other.call('POST', '/api/auth/refresh', { token });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['token']);
    expect(answer.body.token).not.toBe(token);
    expect(claimsOf(answer.body.token ?? '')).toMatchObject({ sid: claimsOf(token).sid, sub: claimsOf(token).sub });
    for (const each of [token, answer.body.token])
      expect((await auth.call('GET', '/api/profile', undefined, { token: each })).status).toBe(200);
  });

  it('records when the sign-in was last seen, eventually', async () => {
    const lone = await startAuthInstance(servers);
    const token = (await lone.call('POST', '/api/login', admin)).body.token;
    const signins = servers.database.collection('signins');
    const [made] = await signins.find({}).sort({ created_at: -1 }).limit(1).toArray();
    await lone.call('POST', '/api/auth/refresh', { token });
    await lone.stop();
    const seen = await signins.findOne({ sid_hash: made?.sid_hash });
    expect(seen?.last_seen_at.getTime()).toBeGreaterThan(made?.last_seen_at.getTime());
  });

  it('refuses every invalid token, as every other route does', async () => {
    const token = await signIn();
    for (const [what, forged] of Object.entries(forgedTokens(jwtSecret, token))) {
      const refreshed = await auth.call('POST', '/api/auth/refresh', { token: forged });
      expect([what, refreshed.status, refreshed.body.code]).toEqual([what, 401, 'unauthenticated']);
      const shown = await auth.call('GET', '/api/profile', undefined, { token: forged });
      expect([what, shown.status]).toEqual([what, 401]);
    }
    const resigned = signHs256(jwtSecret, claimsOf(token));
    expect((await auth.call('POST', '/api/auth/refresh', { token: resigned })).status).toBe(200);
  });

  it('refuses every other kind of token', async () => {
    const token = await signIn();
    const [sid, sub] = [String(claimsOf(token).sid), String(claimsOf(token).sub)];
    const exp = Math.floor(Date.now() / 1000) + 60;
    const shown = await auth.call('GET', '/api/profile', undefined, { token });
    const pass = { jti: 'x'.repeat(16), user_id: sub, sid, agent_id: '', session_id: '', viewer_id: '', exp } as const;
    const others = [
      String(shown.body.user?.api_key),
      sealToken(jwtSecret, 'wxt_tk_', { exp, sid }),
      sealToken(jwtSecret, 'wxt_lp_', { exp, sid }),
      sealResumePass(jwtSecret, { ...pass, mode: 'control' }),
    ];
    for (const each of others) {
      expect((await auth.call('POST', '/api/auth/refresh', { token: each })).status).toBe(401);
      expect((await auth.call('GET', '/api/profile', undefined, { token: each })).status).toBe(401);
    }
  });

  it.each([[{}], [{ token: 1 }], [{ token: 'x', more: 1 }], [{ token: 'x'.repeat(5000) }]])(
    'refuses %j with 400',
    async (body) => {
      const answer = await auth.call('POST', '/api/auth/refresh', body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_input']);
    },
  );
});

describe('sign-out', () => {
  it('ends every token of the sign-in on every instance, and no other sign-in', async () => {
    const token = await signIn();
    const stays = await signIn();
    const second = (await auth.call('POST', '/api/auth/refresh', { token })).body.token;
    const answer = await auth.call('POST', '/api/auth/logout', undefined, { token });
    expect([answer.status, answer.body]).toEqual([204, {}]);
    for (const ended of [token, second])
      await vi.waitFor(async () => {
        expect((await other.call('GET', '/api/profile', undefined, { token: ended })).status).toBe(401);
        expect((await auth.call('POST', '/api/auth/refresh', { token: ended })).status).toBe(401);
      });
    expect((await other.call('GET', '/api/profile', undefined, { token: stays })).status).toBe(200);
  });

  it('needs a token', async () => {
    expect((await auth.call('POST', '/api/auth/logout')).status).toBe(401);
  });
});

describe('a new signing key', () => {
  it('is added first: it signs from then on, and tokens of the old one stay valid', async () => {
    const token = await signIn();
    const fresh = Buffer.alloc(32, 9);
    const rotated = await startAuthInstance(servers, {
      JWT_KEYS: `k2 ${fresh.toString('base64url')}\nk1 ${jwtSecret.toString('base64url')}`,
    });
    expect((await rotated.call('GET', '/api/profile', undefined, { token })).status).toBe(200);
    const next = (await rotated.call('POST', '/api/auth/refresh', { token })).body.token ?? '';
    expect(JSON.parse(Buffer.from(next.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({ kid: 'k2' });
    expect((await rotated.call('GET', '/api/profile', undefined, { token: next })).status).toBe(200);
    await rotated.stop();
  });
});
