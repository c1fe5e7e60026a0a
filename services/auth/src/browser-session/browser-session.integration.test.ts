import { describe, expect, it, vi } from 'vitest';
import { type Answer, admin, publicUrl } from '../testing/auth-under-test.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';

useAuth(2);

const path = '/api/auth/session';
const ours = { origin: publicUrl, 'x-webxterm-browser': '1' };
const cookieOf = (answer: Answer): string => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
const status = async (token: string | undefined): Promise<number> =>
  (await auth.call('GET', '/api/profile', undefined, { token })).status;

interface Browser {
  token: string | undefined;
  cookie: string;
  half: string | undefined;
}

const bind = async (): Promise<Browser & { answer: Answer }> => {
  const { token } = (await auth.call('POST', '/api/login', admin)).body;
  const answer = await auth.call('POST', path, {}, { token, headers: ours });
  return { answer, token, cookie: cookieOf(answer), half: answer.body.half };
};
const reload = (browser: Pick<Browser, 'cookie' | 'half'>, instance = auth): Promise<Answer> =>
  instance.call('POST', path, { half: browser.half }, { headers: { ...ours, cookie: browser.cookie } });
const passGrace = async (): Promise<void> => {
  await servers.database
    .collection('signins')
    .updateMany({ browser: { $ne: null } }, { $set: { 'browser.rotated_at': new Date(Date.now() - 31_000) } });
};

describe("the browser's sign-in", () => {
  it('is bound with a token: a cookie for this one route, and a half for its storage', async () => {
    const { answer } = await bind();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      token: expect.stringMatching(/^eyJ/),
      half: expect.stringMatching(/^[\w-]{43}$/),
      expires_at: expect.stringMatching(/Z$/),
      user: { id: expect.any(String), username: 'admin', email: admin.email, role: 'admin', avatar_url: null },
      second_factor: { required_from: null, reset_at: null },
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^wxt_test=[\w-]{43}; Path=\/api\/auth\/session; Expires=[^;]+ GMT; HttpOnly; SameSite=Strict$/,
      ),
      expect.stringMatching(
        /^wxt_device_test=[\w.-]+; Path=\/api\/login; Expires=[^;]+ GMT; HttpOnly; SameSite=Strict$/,
      ),
    ]);
    const lives = Date.parse(String(answer.body.expires_at)) - Date.now();
    expect(lives / 3_600_000).toBeCloseTo(24, 1);
  });

  it('is restored after a reload, by any instance, with both halves renewed', async () => {
    const browser = await bind();
    const answer = await reload(browser, other);
    expect(answer.status).toBe(200);
    expect(answer.body.half).not.toBe(browser.half);
    expect(cookieOf(answer)).not.toBe(browser.cookie);
    expect(await status(answer.body.token)).toBe(200);
    const again = await reload({ cookie: cookieOf(answer), half: answer.body.half });
    expect(again.status).toBe(200);
  });

  it('has a secure cookie over https', async () => {
    const { token } = await bind();
    const answer = await auth.call('POST', path, {}, { token, headers: ours, proto: 'https' });
    expect(answer.headers.get('set-cookie')).toContain('; Secure');
  });

  it('gives two tabs with simultaneous requests the same pair', async () => {
    const browser = await bind();
    const answers = await Promise.all([reload(browser), reload(browser, other), reload(browser)]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map((answer) => answer.body.half)).size).toBe(1);
    expect(new Set(answers.map(cookieOf)).size).toBe(1);
  });

  it('ends if a used pair is presented again after the grace period', async () => {
    const stolen = await bind();
    const renewed = await reload(stolen);
    await passGrace();
    expect((await reload(stolen)).status).toBe(401);
    await vi.waitFor(async () => {
      expect(await status(stolen.token)).toBe(401);
      expect(await status(renewed.body.token)).toBe(401);
    });
    expect((await reload({ cookie: cookieOf(renewed), half: renewed.body.half })).status).toBe(401);
  });

  it('ends if a pair of two rotations ago is presented, even at once', async () => {
    const stolen = await bind();
    const renewed = await reload(stolen);
    await reload({ cookie: cookieOf(renewed), half: renewed.body.half });
    expect((await reload(stolen)).status).toBe(401);
    await vi.waitFor(async () => expect(await status(stolen.token)).toBe(401));
  });

  it('is refused with one half, a wrong half, or two of different sign-ins, and none of that ends it', async () => {
    const one = await bind();
    const two = await bind();
    const { cookie, half } = one;
    for (const [headers, body] of [
      [{ ...ours, cookie }, {}],
      [ours, { half }],
      [{ ...ours, cookie }, { half: two.half }],
      [{ ...ours, cookie: `${cookie.slice(0, -2)}AA` }, { half }],
      [{ ...ours, cookie: 'wxt_test=short' }, { half }],
      [{ ...ours, cookie: cookie.replace('wxt_test', 'wxt_other') }, { half }],
    ] as const) {
      const answer = await auth.call('POST', path, body, { headers });
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    }
    expect((await reload(one)).status).toBe(200);
    expect((await reload(two)).status).toBe(200);
  });

  it('ends with the sign-in, which removes the cookie', async () => {
    const browser = await bind();
    const out = await auth.call('POST', '/api/auth/logout', undefined, { token: browser.token });
    expect(out.headers.get('set-cookie')).toMatch(/^wxt_test=; Max-Age=0; Path=\/api\/auth\/session/);
    expect((await reload(browser)).status).toBe(401);
  });

  it.each([
    ['no origin', { 'x-webxterm-browser': '1' }],
    ['another host', { ...ours, origin: 'http://evil.example' }],
    ['another port', { ...ours, origin: 'http://127.0.0.1:8081' }],
    ['another scheme', { ...ours, origin: 'https://127.0.0.1:8080' }],
    ['our name as a prefix', { ...ours, origin: 'http://127.0.0.1:8080.evil.example' }],
    ['null', { ...ours, origin: 'null' }],
    ['no header of the web UI', { origin: publicUrl }],
    ['another value of it', { ...ours, 'x-webxterm-browser': 'true' }],
  ])('is refused to a page with %s, with token and with cookie', async (_what, headers) => {
    const browser = await bind();
    const withToken = await auth.call('POST', path, {}, { token: browser.token, headers });
    expect([withToken.status, withToken.body.code]).toEqual([403, 'origin_not_allowed']);
    const withCookie = await auth.call(
      'POST',
      path,
      { half: browser.half },
      { headers: { ...headers, cookie: browser.cookie } },
    );
    expect(withCookie.status).toBe(403);
    expect(withCookie.headers.get('set-cookie')).toBeNull();
  });

  it.each(['http://localhost:8080', 'http://[::1]:8080'])('on loopback is for %s too', async (origin) => {
    const browser = await bind();
    const answer = await auth.call('POST', path, {}, { token: browser.token, headers: { ...ours, origin } });
    expect(answer.status).toBe(200);
  });

  it('stores nothing in the database with which it could be restored', async () => {
    const browser = await bind();
    const rows = JSON.stringify(await servers.database.collection('signins').find({}).toArray());
    for (const secret of [browser.cookie.split('=')[1] ?? '?', browser.half ?? '?']) expect(rows).not.toContain(secret);
  });
});
