import { Types } from 'mongoose';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, admin, publicUrl } from '../testing/auth-under-test.ts';
import { challengeOf, codeOf, setUpApp, wrongCodeOf } from '../testing/second-factor-of.ts';
import { signUp } from '../testing/sign-up.ts';
import { tryPasskeys } from '../testing/try-passkeys.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';
import { listFactors } from './list-factors.ts';

useAuth(2);

const within = { timeout: 5000, interval: 50 };
let chief: string | undefined;
beforeAll(async () => {
  chief = (await auth.call('POST', '/api/login', admin)).body.token;
});

const somebody = () => signUp(auth, 'owner');
type Person = Awaited<ReturnType<typeof somebody>>;
const withApp = async () => {
  const person = await somebody();
  return { ...person, ...(await setUpApp(auth, person)) };
};
const signIn = ({ email, password }: Pick<Person, 'email' | 'password'>): Promise<Answer> =>
  auth.call('POST', '/api/login', { email, password });
const complete = (challenge: string, code: string, instance = auth): Promise<Answer> =>
  instance.call('POST', '/api/login/second-factor', { challenge, code });
const factors = async (token: string | undefined) =>
  (await auth.call('GET', '/api/profile/second-factor', undefined, { token })).body;
const status = async (token: string | undefined): Promise<number> =>
  (await other.call('GET', '/api/profile', undefined, { token })).status;
const users = () => servers.database.collection('users');
/** Makes the last confirmation of all sign-ins of a user an old one. */
const age = ({ id }: Pick<Person, 'id'>) =>
  servers.database
    .collection('signins')
    .updateMany({ user_id: new Types.ObjectId(id) }, { $set: { second_factor_at: new Date(Date.now() - 601_000) } });

describe('an authenticator app', () => {
  it('is set up with the password and a code, and ends every other sign-in', async () => {
    const me = await somebody();
    const elsewhere = (await signIn(me)).body.token;
    const path = '/api/profile/second-factor/totp';
    const guessed = await auth.call('POST', path, { current_password: 'guessed' }, { token: me.token });
    expect([guessed.status, guessed.body.details]).toEqual([
      400,
      [expect.objectContaining({ path: 'current_password' })],
    ]);
    const begun = await auth.call('POST', path, { current_password: me.password }, { token: me.token });
    const secret = String(begun.body.secret);
    expect(begun.body).toEqual({
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      url: expect.any(String),
      expires_in: 600,
    });
    const url = new URL(String(begun.body.url));
    expect([url.protocol, url.searchParams.get('secret'), url.searchParams.get('issuer')]).toEqual([
      'otpauth:',
      secret,
      'WebXTerm 127.0.0.1',
    ]);
    // Nothing counts before a code was right.
    expect((await signIn(me)).status).toBe(200);
    expect(await factors(me.token)).toMatchObject({ totp: null, recovery_codes_left: 0, reset_at: null });
    const wrong = await auth.call('POST', `${path}/confirm`, { code: wrongCodeOf(secret) }, { token: me.token });
    expect([wrong.status, wrong.body.details]).toEqual([400, [expect.objectContaining({ path: 'code' })]]);
    const confirmed = await auth.call('POST', `${path}/confirm`, { code: codeOf(secret) }, { token: me.token });
    expect(new Set(confirmed.body.recovery_codes as string[]).size).toBe(10);
    expect(await factors(me.token)).toMatchObject({ totp: { added_at: expect.any(String) }, recovery_codes_left: 10 });
    await vi.waitFor(async () => expect(await status(elsewhere)).toBe(401), within);
    expect(await status(me.token)).toBe(200);
    const again = await auth.call('POST', path, { current_password: me.password }, { token: me.token });
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
  });

  it('is requested after the password, and the sign-in is then like any other', async () => {
    const me = await withApp();
    const first = await signIn(me);
    expect(first.body).toMatchObject({
      code: 'second_factor_required',
      second_factor: { methods: ['totp', 'recovery_code'], expires_in: 300 },
    });
    expect(first.body).not.toHaveProperty('token');
    const second = await complete(challengeOf(first), codeOf(me.secret, 1), other);
    expect([second.status, Object.keys(second.body)]).toEqual([200, ['token', 'user']]);
    expect(await status(second.body.token)).toBe(200);
    expect((await signIn({ ...me, password: 'guessed' })).body.code).toBe('wrong_credentials');
  });

  it('can be replaced by each recovery code once', async () => {
    const me = await withApp();
    const code = String(me.recoveryCodes[0]);
    const typed = code.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l');
    expect((await complete(challengeOf(await signIn(me)), typed)).status).toBe(200);
    const again = await complete(challengeOf(await signIn(me)), code);
    expect([again.status, again.body.code]).toEqual([401, 'wrong_code']);
    expect(await factors(me.token)).toMatchObject({ recovery_codes_left: 9 });
  });

  it('is stored encrypted, and recovery codes are stored as hashes', async () => {
    const me = await withApp();
    const row = JSON.stringify(await users().findOne({ _id: new Types.ObjectId(me.id) }));
    for (const secret of [me.secret, ...me.recoveryCodes, ...me.recoveryCodes.map((code) => code.replaceAll('-', ''))])
      expect(row).not.toContain(secret);
  });

  it('is removed with the recovery codes; the password alone signs in again', async () => {
    const me = await withApp();
    const removed = await auth.call('DELETE', '/api/profile/second-factor/totp', undefined, { token: me.token });
    expect(removed.status).toBe(204);
    expect((await signIn(me)).status).toBe(200);
    expect(await factors(me.token)).toMatchObject({ totp: null, recovery_codes_left: 0 });
    for (const [method, path] of [
      ['DELETE', '/api/profile/second-factor/totp'],
      ['POST', '/api/profile/second-factor/recovery-codes'],
    ] as const)
      expect((await auth.call(method, path, undefined, { token: me.token })).status).toBe(404);
  });

  it('stays after a reset of the password: the link sets the password and requires a code', async () => {
    const me = await withApp();
    const link = await auth.call('POST', `/api/users/${me.id}/reset-link`, undefined, { token: chief });
    const token = String(link.body.url).split('#')[1];
    const redeemed = await auth.call('POST', '/api/auth/setup', { token, password: 'another password' });
    const challenge = challengeOf(redeemed);
    expect(await servers.database.collection('signins').countDocuments({ user_id: new Types.ObjectId(me.id) })).toBe(0);
    expect((await complete(challenge, codeOf(me.secret, 1))).status).toBe(200);
  });
});

describe('a sign-in that was not confirmed for ten minutes', () => {
  const actions: [string, string, (me: Person) => object | undefined][] = [
    ['POST', '/api/profile/regenerate-api-key', () => undefined],
    [
      'POST',
      '/api/profile/reset-password',
      ({ password }) => ({ current_password: password, new_password: 'another' }),
    ],
    ['PATCH', '/api/profile', ({ password }) => ({ email: 'moved@example.com', current_password: password })],
    ['DELETE', '/api/profile', ({ password }) => ({ current_password: password, machines: 'remove' })],
    ['DELETE', '/api/profile/second-factor/totp', () => undefined],
    ['POST', '/api/profile/second-factor/recovery-codes', () => undefined],
    ['POST', '/api/profile/second-factor/totp', ({ password }) => ({ current_password: password })],
  ];

  it.each(actions)('may not %s %s', async (method, path, bodyOf) => {
    const me = await withApp();
    await age(me);
    const before = await users().findOne({ _id: new Types.ObjectId(me.id) });
    const answer = await auth.call(method, path, bodyOf(me), { token: me.token });
    expect([answer.status, answer.body.code]).toEqual([403, 'step_up_required']);
    const { guard: _, ...row } = { ...before };
    expect(await users().findOne({ _id: new Types.ObjectId(me.id) })).toMatchObject(row);
    // A plain read and a change that does not matter go on.
    expect(await status(me.token)).toBe(200);
    expect(
      (await auth.call('PATCH', '/api/profile', { username: `renamed ${me.username}` }, { token: me.token })).status,
    ).toBe(200);
  });

  it('may again after a step-up, with a code that is accepted once', async () => {
    const me = await withApp();
    await age(me);
    const stepUp = (code: string) => auth.call('POST', '/api/auth/step-up', { code }, { token: me.token });
    const used = await stepUp(me.code);
    expect([used.status, used.body.details]).toEqual([400, [expect.objectContaining({ path: 'code' })]]);
    const done = await stepUp(codeOf(me.secret, 1));
    expect(done.status).toBe(200);
    const left = Date.parse(String(done.body.valid_until)) - Date.now();
    expect(left).toBeGreaterThan(590_000);
    const renewed = await auth.call('POST', '/api/profile/second-factor/recovery-codes', undefined, {
      token: me.token,
    });
    expect([renewed.status, (renewed.body.recovery_codes as string[]).length]).toEqual([200, 10]);
    expect((await complete(challengeOf(await signIn(me)), String(me.recoveryCodes[0]))).body.code).toBe('wrong_code');
  });

  it('shows no API key, until a step-up', async () => {
    const me = await withApp();
    const key = async (): Promise<unknown[]> => {
      const profile = await auth.call('GET', '/api/profile', undefined, { token: me.token });
      const shown = await auth.call('GET', '/api/profile/api-key', undefined, { token: me.token });
      return [profile.body.user?.api_key, shown.status, shown.body.api_key ?? shown.body.code];
    };
    const [first] = await key();
    expect(first).toMatch(/^vsay_ak_/);
    await age(me);
    expect(await key()).toEqual(['', 403, 'step_up_required']);
    const renamed = { username: `hidden ${me.username}` };
    const changed = await auth.call('PATCH', '/api/profile', renamed, { token: me.token });
    expect([changed.status, changed.body.user?.api_key]).toEqual([200, '']);
    const code = codeOf(me.secret, 1);
    expect((await auth.call('POST', '/api/auth/step-up', { code }, { token: me.token })).status).toBe(200);
    expect(await key()).toEqual([first, 200, first]);
  });

  it('of an administrator changes no account', async () => {
    const me = await withApp();
    const target = await somebody();
    expect((await auth.call('PATCH', `/api/users/${me.id}`, { role: 'admin' }, { token: chief })).status).toBe(200);
    await age(me);
    await vi.waitFor(async () => {
      const answer = await auth.call('PATCH', `/api/users/${target.id}`, { disabled: true }, { token: me.token });
      expect([answer.status, answer.body.code]).toEqual([403, 'step_up_required']);
    }, within);
    for (const [method, path, body] of [
      ['DELETE', `/api/users/${target.id}?machines=remove`, undefined],
      ['DELETE', `/api/users/${target.id}/second-factor`, undefined],
      ['POST', `/api/users/${target.id}/reset-link`, undefined],
      ['POST', '/api/users', { username: 'new one', email: 'new.one@example.com' }],
    ] as const)
      expect((await auth.call(method, path, body, { token: me.token })).body.code).toBe('step_up_required');
  });

  it('of a user without a second factor needs no step-up', async () => {
    const me = await somebody();
    expect((await auth.call('POST', '/api/auth/step-up', { code: '123456' }, { token: me.token })).status).toBe(404);
    expect((await auth.call('POST', '/api/profile/regenerate-api-key', undefined, { token: me.token })).status).toBe(
      200,
    );
  });
});

describe('a second factor that the installation requires', () => {
  const policy = (body: object, token = chief): Promise<Answer> =>
    auth.call('PATCH', '/api/second-factor-policy', body, { token });
  const code = async (path: string, token: string | undefined, instance = other): Promise<unknown> => {
    const answer = await instance.call('GET', path, undefined, { token });
    return answer.body.code ?? answer.status;
  };
  const required = 'second_factor_enrolment_required';
  const made = async () => {
    const admin = await withApp();
    expect((await auth.call('PATCH', `/api/users/${admin.id}`, { role: 'admin' }, { token: chief })).status).toBe(200);
    return admin;
  };

  it('of everyone: a user may only set one up, on every instance; then everything, with the tokens too', async () => {
    const admin = await made();
    const me = await somebody();
    const token = await auth.call(
      'POST',
      '/api/profile/tokens',
      { name: 'x', scopes: ['account:read'] },
      { token: me.token },
    );
    const program = String(token.body.token);
    expect(await code('/api/profile', program)).toBe(200);
    const changed = await policy({ required: 'everyone', grace_days: 0 }, admin.token);
    expect([changed.status, changed.body]).toMatchObject([200, { required: 'everyone', missing: expect.anything() }]);
    try {
      await vi.waitFor(async () => expect(await code('/api/auth/sessions', me.token)).toBe(required), {
        timeout: 1000,
      });
      expect(await code('/api/profile', program)).toBe(required);
      expect(await code('/api/auth/sessions', admin.token)).toBe(200);
      // A new sign-in is answered as always, and is as limited.
      const again = await signIn(me);
      expect([again.status, await code('/api/auth/sessions', again.body.token)]).toEqual([200, required]);
      expect((await auth.call('POST', '/api/auth/refresh', { token: me.token })).status).toBe(200);
      expect(await code('/api/profile', me.token)).toBe(200);
      await setUpApp(other, me);
      expect([await code('/api/auth/sessions', me.token), await code('/api/profile', program)]).toEqual([200, 200]);
      await auth.call('DELETE', '/api/profile/second-factor/totp', undefined, { token: me.token });
      await vi.waitFor(async () => expect(await code('/api/auth/sessions', me.token)).toBe(required), within);
    } finally {
      await policy({ required: 'off', grace_days: 0 }, admin.token);
    }
    await vi.waitFor(async () => expect(await code('/api/auth/sessions', me.token)).toBe(200), within);
  });

  it('of administrators: takes effect after the days of grace, and when a user becomes one', async () => {
    const admin = await made();
    const me = await somebody();
    await policy({ required: 'admins', grace_days: 3 }, admin.token);
    try {
      const begun = await auth.call(
        'POST',
        '/api/auth/session',
        {},
        {
          token: chief,
          headers: { origin: publicUrl, 'x-webxterm-browser': '1' },
        },
      );
      const from = Date.parse(String(Reflect.get(Object(begun.body.second_factor), 'required_from')));
      expect(from - Date.now()).toBeGreaterThan(2.9 * 86_400_000);
      expect(await code('/api/users', chief)).toBe(200);
      await policy({ required: 'admins', grace_days: 0 }, admin.token);
      await vi.waitFor(async () => expect(await code('/api/users', chief)).toBe(required), within);
      expect(await code('/api/auth/sessions', me.token)).toBe(200);
      await auth.call('PATCH', `/api/users/${me.id}`, { role: 'admin' }, { token: admin.token });
      await vi.waitFor(async () => expect(await code('/api/auth/sessions', me.token)).toBe(required), within);
    } finally {
      await policy({ required: 'off', grace_days: 0 }, admin.token);
    }
    await vi.waitFor(async () => expect(await code('/api/users', chief)).toBe(200), within);
  });

  it('is changed by administrators only, after a confirmation, and audited', async () => {
    const admin = await made();
    const body = { required: 'off', grace_days: 5 };
    expect((await policy(body, (await somebody()).token)).status).toBe(403);
    await age(admin);
    expect((await policy(body, admin.token)).body.code).toBe('step_up_required');
    expect((await policy({ ...body, grace_days: 366 })).status).toBe(400);
    expect((await policy(body)).status).toBe(200);
    await vi.waitFor(async () => {
      const { body } = await auth.call('GET', '/api/audit?action=second_factor_policy_changed', undefined, {
        token: chief,
      });
      expect(JSON.stringify(body.events)).toContain('"grace_days":5');
    }, within);
  });
});

describe('the step of the migrations that lists second factors', () => {
  it('has the entries of sign-ins and tokens of users with a second factor written again, and of no others', async () => {
    const [me, without] = [await withApp(), await somebody()];
    const made = await auth.call('POST', '/api/profile/tokens', { name: 'x', scopes: ['see'] }, { token: me.token });
    expect(made.status).toBe(201);
    await listFactors(servers.database);
    const hashes = async (collection: string, { id }: Pick<Person, 'id'>): Promise<string[]> =>
      (
        await servers.database
          .collection(collection)
          .find({ user_id: new Types.ObjectId(id) })
          .toArray()
      ).map(({ sid_hash }) => sid_hash);
    const pending = (await servers.database.collection('signins_outbox').find({}).toArray()).map(
      ({ sid_hash }) => sid_hash,
    );
    const mine = [...(await hashes('signins', me)), ...(await hashes('access_tokens', me))];
    expect(mine).toHaveLength(2);
    expect(pending).toEqual(expect.arrayContaining(mine));
    for (const hash of await hashes('signins', without)) expect(pending).not.toContain(hash);
    await vi.waitFor(
      async () => {
        const left = await servers.database.collection('signins_outbox').countDocuments({ sid_hash: { $in: mine } });
        expect(left).toBe(0);
      },
      { timeout: 8000, interval: 100 },
    );
  });
});

describe('an administrator', () => {
  it('removes the second factors of a user, who is signed out and informed', async () => {
    const me = await withApp();
    const listed = async () =>
      (
        (await auth.call('GET', `/api/users?search=${me.email}`, undefined, { token: chief })).body.users as object[]
      )[0];
    expect(await listed()).toMatchObject({ second_factor: true });
    const path = `/api/users/${me.id}/second-factor`;
    expect((await auth.call('DELETE', path, undefined, { token: (await somebody()).token })).status).toBe(403);
    expect((await auth.call('DELETE', path, undefined, { token: chief })).status).toBe(204);
    await vi.waitFor(async () => expect(await status(me.token)).toBe(401), within);
    expect(await listed()).toMatchObject({ second_factor: false });
    const { token } = (await signIn(me)).body;
    expect(await factors(token)).toMatchObject({ totp: null, recovery_codes_left: 0, reset_at: expect.any(String) });
    expect((await auth.call('DELETE', '/api/profile/second-factor/reset', undefined, { token })).status).toBe(204);
    expect(await factors(token)).toMatchObject({ reset_at: null });
    const unknown = await auth.call('DELETE', `/api/users/${'0'.repeat(24)}/second-factor`, undefined, {
      token: chief,
    });
    expect(unknown.status).toBe(404);
  });

  it('reads each change of second factors and each refused code in the audit log', async () => {
    const me = await withApp();
    await complete(challengeOf(await signIn(me)), wrongCodeOf(me.secret));
    await complete(challengeOf(await signIn(me)), codeOf(me.secret, 1));
    await auth.call('DELETE', '/api/profile/second-factor/totp', undefined, { token: me.token });
    await vi.waitFor(async () => {
      const { body } = await auth.call('GET', `/api/audit?user_id=${me.id}&limit=50`, undefined, { token: chief });
      const rows = (body.events as { action: string; reason: string | null; details: object }[]).map(
        ({ action, reason, details }) => ({ action, reason, ...details }),
      );
      expect(rows).toContainEqual({ action: 'second_factor_added', reason: null, method: 'totp' });
      expect(rows).toContainEqual({ action: 'login_failed', reason: 'wrong_code' });
      expect(rows).toContainEqual({ action: 'login', reason: null, second_factor: 'totp' });
      expect(rows).toContainEqual({ action: 'second_factor_removed', reason: null, method: 'totp' });
      expect(JSON.stringify(body)).not.toContain(me.secret);
    }, within);
  });
});

tryPasskeys();
