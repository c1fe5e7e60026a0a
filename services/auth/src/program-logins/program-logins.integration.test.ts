import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { admin } from '../testing/auth-under-test.ts';
import { codeOf, setUpApp } from '../testing/second-factor-of.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';

useAuth(2);

let count = 0;
const somebody = async () => {
  count += 1;
  const account = { username: `program user ${count}`, email: `program${count}@example.com`, password: 'yourpassword' };
  const { body } = await auth.call('POST', '/api/signup', account);
  return { ...account, token: String(body.token), id: String(body.user?.id) };
};

const newVerifier = () => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};
const redirect = 'http://127.0.0.1:49152/path';
/** The address of the program. */
const there = { clientIp: '192.0.2.7' };

const begin = async (wanted: object = { redirect_uri: redirect }, call: object = there) => {
  const { verifier, challenge } = newVerifier();
  const body = { host: 'laptop', scopes: ['see', 'account:read'], code_challenge: challenge, ...wanted };
  const { status, body: answer } = await auth.call('POST', '/api/login/program', body, call);
  expect([status, answer.code]).toEqual([201, undefined]);
  return { request: String(answer.request), userCode: answer.user_code as string | null, verifier };
};
const look = (id: string, token: string) => auth.call('GET', `/api/profile/program-logins/${id}`, undefined, { token });
const agree = (id: string, token: string, more: object = { agree: true, expires_in_days: 7 }) =>
  auth.call('POST', `/api/profile/program-logins/${id}`, more, { token });
const redeem = (body: object, call: object = there, at = auth) =>
  at.call('POST', '/api/login/program/token', body, call);
/** The code in the address to which the browser is led. */
const codeIn = ({ body }: { body: Record<string, unknown> }): string =>
  new URL(String(body.redirect_to)).searchParams.get('code') ?? '';
const over = [401, 'bad_challenge'];
const resultOf = ({ status, body }: { status: number; body: Record<string, unknown> }) => [status, body.code];

describe('a program that opens the browser', () => {
  it('gets an access token of the user who agrees, with its scopes, its end and its name, once', async () => {
    const user = await somebody();
    const { request, verifier, userCode } = await begin();
    expect(userCode).toBeNull();
    const shown = await look(request, user.token);
    expect(shown.body).toMatchObject({
      host: 'laptop',
      address: there.clientIp,
      scopes: ['see', 'account:read'],
      typed: false,
    });
    const agreed = await agree(request, user.token);
    expect(String(agreed.body.redirect_to)).toMatch(/^http:\/\/127\.0\.0\.1:49152\/path\?code=[\w-]{43}$/);
    const given = { request, code_verifier: verifier, code: codeIn(agreed) };
    const made = await redeem(given, there, other);
    expect([made.status, made.body.access_token]).toEqual([
      200,
      expect.objectContaining({ name: 'vsay on laptop', scopes: ['see', 'account:read'] }),
    ]);
    const token = String(made.body.token);
    expect((await auth.call('GET', '/api/profile', undefined, { token })).body.user).toMatchObject({ id: user.id });
    expect(resultOf(await redeem(given))).toEqual(over);
    const rows = await vi.waitFor(async () => {
      const found = await servers.database
        .collection('audit_events')
        .find({ action: 'access_token_created', 'actor.user_id': user.id })
        .toArray();
      expect(found).toHaveLength(1);
      return found;
    });
    expect(rows[0]?.details).toContain('"host":"laptop"');
    const ended = await auth.call('DELETE', '/api/login/program/token', undefined, { token });
    expect(ended.status).toBe(204);
    await vi.waitFor(async () =>
      expect((await auth.call('GET', '/api/profile', undefined, { token })).status).toBe(401),
    );
  });

  it('gets nothing with a wrong verifier or code, and the request ends', async () => {
    const user = await somebody();
    const attacks = [
      (right: { code: string }) => ({ code: right.code, code_verifier: newVerifier().verifier }),
      (right: { verifier: string }) => ({ code: newVerifier().verifier, code_verifier: right.verifier }),
      (right: { verifier: string }) => ({ code_verifier: right.verifier }),
    ];
    for (const attack of attacks) {
      const { request, verifier } = await begin();
      const code = codeIn(await agree(request, user.token));
      expect(resultOf(await redeem({ request, ...attack({ code, verifier }) }))).toEqual(over);
      expect(resultOf(await redeem({ request, code_verifier: verifier, code }))).toEqual(over);
    }
    const tokens = await auth.call('GET', '/api/profile/tokens', undefined, { token: user.token });
    expect(tokens.body.tokens).toEqual([]);
  });

  it('gets one token, of twenty tries at the same time', async () => {
    const user = await somebody();
    const { request, verifier } = await begin();
    const code = codeIn(await agree(request, user.token));
    const tries = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        redeem({ request, code_verifier: verifier, code }, there, index % 2 === 0 ? auth : other),
      ),
    );
    expect(tries.filter(({ status }) => status === 200)).toHaveLength(1);
    const tokens = await auth.call('GET', '/api/profile/tokens', undefined, { token: user.token });
    expect(tokens.body.tokens).toHaveLength(1);
  });

  it('is sent to loopback only', async () => {
    const addresses = [
      'http://example.org/',
      'https://127.0.0.1:8000/',
      'http://localhost:8000/',
      'http://127.0.0.1.example.org:8000/',
      'http://127.0.0.1@example.org:80/',
      'http://127.0.0.1:8000/?next=http://example.org',
      'http://127.0.0.1:99999/',
      'http://127.0.0.2:8000/',
      'javascript:alert(1)//127.0.0.1:8000/',
      'http://127.0.0.1:8000/\n',
    ];
    for (const redirect_uri of addresses) {
      const body = { host: 'x', scopes: ['see'], code_challenge: newVerifier().challenge, redirect_uri };
      const refused = await auth.call('POST', '/api/login/program', body, there);
      expect([redirect_uri, ...resultOf(refused)]).toEqual([redirect_uri, 400, 'invalid_input']);
    }
  });

  it('is answered by one user, once; and by nobody without a sign-in, or with an access token', async () => {
    const [user, attacker] = [await somebody(), await somebody()];
    const { request, verifier } = await begin();
    expect((await auth.call('POST', `/api/profile/program-logins/${request}`, { agree: true }, {})).status).toBe(401);
    const cookie = { headers: { cookie: 'webxterm_test=anything', origin: 'http://127.0.0.1:8080' } };
    expect((await auth.call('POST', `/api/profile/program-logins/${request}`, { agree: true }, cookie)).status).toBe(
      401,
    );
    const own = await auth.call(
      'POST',
      '/api/profile/tokens',
      { name: 'x', scopes: ['manage'] },
      { token: user.token },
    );
    expect(resultOf(await agree(request, String(own.body.token)))).toEqual([403, 'token_not_allowed']);
    const code = codeIn(await agree(request, user.token));
    for (const { token } of [attacker, user]) expect(resultOf(await agree(request, token))).toEqual([404, 'not_found']);
    expect((await look(request, attacker.token)).status).toBe(404);
    const made = await redeem({ request, code_verifier: verifier, code });
    const { body } = await auth.call('GET', '/api/profile', undefined, { token: String(made.body.token) });
    expect(body.user).toMatchObject({ id: user.id });
  });

  it('gets nothing when the user refuses, when the sign-in that agreed has ended, or when the user is disabled', async () => {
    const user = await somebody();
    const refused = await begin();
    const answer = await agree(refused.request, user.token, { agree: false });
    expect(String(answer.body.redirect_to)).toContain('error=access_denied');
    expect(resultOf(await redeem({ request: refused.request, code_verifier: refused.verifier }))).toEqual([
      403,
      'forbidden',
    ]);

    const left = await begin();
    const code = codeIn(await agree(left.request, user.token));
    expect((await auth.call('POST', '/api/auth/logout', undefined, { token: user.token })).status).toBe(204);
    expect((await redeem({ request: left.request, code_verifier: left.verifier, code })).status).toBe(401);

    const disabled = await somebody();
    const third = await begin();
    const thirdCode = codeIn(await agree(third.request, disabled.token));
    const root = String((await auth.call('POST', '/api/login', admin)).body.token);
    await auth.call('PATCH', `/api/users/${disabled.id}`, { disabled: true }, { token: root });
    expect((await redeem({ request: third.request, code_verifier: third.verifier, code: thirdCode })).status).toBe(401);
  });

  it('needs the second factor of the user, and an administrator for the scopes of administrators', async () => {
    const user = await somebody();
    const ofAdmins = await begin({ redirect_uri: redirect, scopes: ['audit:read'] });
    expect(resultOf(await agree(ofAdmins.request, user.token))).toEqual([403, 'forbidden']);
    const tooLong = await agree(ofAdmins.request, user.token, { agree: true, expires_in_days: 36_000 });
    expect(resultOf(tooLong)).toEqual([400, 'invalid_input']);

    const { secret } = await setUpApp(auth, user);
    await servers.database.collection('signins').updateMany({}, { $set: { second_factor_at: null } });
    const { request } = await begin();
    expect(resultOf(await agree(request, user.token))).toEqual([403, 'step_up_required']);
    await auth.call('POST', '/api/auth/step-up', { code: codeOf(secret, 1) }, { token: user.token });
    expect((await agree(request, user.token)).status).toBe(200);
  });
});

describe('a program whose code is typed by hand', () => {
  it('waits until the user agrees, and gets the token at the address that the page showed', async () => {
    const user = await somebody();
    const { request, verifier, userCode } = await begin({});
    expect(userCode).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
    const given = { request, code_verifier: verifier };
    expect((await redeem(given)).body).toEqual({ waiting: true, token: null, access_token: null });
    const shown = await look(String(userCode).toLowerCase().replace('-', ' '), user.token);
    expect(shown.body).toMatchObject({ host: 'laptop', address: there.clientIp, typed: true });
    expect((await agree(String(userCode), user.token)).body).toEqual({ redirect_to: null });
    expect(resultOf(await redeem(given, { clientIp: '198.51.100.1' }))).toEqual(over);
    expect((await redeem(given)).body).toMatchObject({ waiting: false, token: expect.stringMatching(/^vsay_pat_/) });
  });

  it('cannot be agreed to by a link to its request, without the code', async () => {
    const user = await somebody();
    const { request } = await begin({});
    expect(resultOf(await agree(request, user.token))).toEqual([404, 'not_found']);
  });

  it('is found by a guess after five wrong ones no more than once a second, and slower from then on', async () => {
    const user = await somebody();
    const { userCode } = await begin({});
    const guesses = await Promise.all(Array.from({ length: 30 }, () => look('BBBB-BBBB', user.token)));
    expect(guesses.filter(({ status }) => status === 404).length).toBeLessThanOrEqual(6);
    expect((await look(String(userCode), user.token)).status).toBe(429);
  });

  it('is over after ten minutes', async () => {
    const user = await somebody();
    const { request, verifier, userCode } = await begin({});
    const logins = servers.database.collection('program_logins');
    const row = await logins.findOne({}, { sort: { expires_at: -1 } });
    expect(Number(row?.expires_at) - Number(row?.created_at)).toBe(600_000);
    await agree(String(userCode), user.token);
    await logins.updateMany({}, { $set: { expires_at: new Date(Date.now() - 1) } });
    expect(resultOf(await redeem({ request, code_verifier: verifier }))).toEqual(over);
    expect(resultOf(await agree(String(userCode), user.token))).toEqual([404, 'not_found']);
  });
});

it('unknown requests and new ones of one address are slowed down', async () => {
  const call = { clientIp: '203.0.113.77' };
  const unknown = { request: newVerifier().verifier, code_verifier: newVerifier().verifier };
  const guesses = [];
  for (let round = 0; round < 12; round += 1)
    guesses.push(...(await Promise.all(Array.from({ length: 10 }, () => redeem(unknown, call)))));
  expect(guesses.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(105);
  expect(guesses.map(({ status }) => status)).toContain(429);
  const body = { host: 'x', scopes: ['see'], code_challenge: newVerifier().challenge };
  const begun = await Promise.all(
    Array.from({ length: 60 }, () => auth.call('POST', '/api/login/program', body, call)),
  );
  expect(begun.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(31);
});
