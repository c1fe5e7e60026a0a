import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, admin } from './auth-under-test.ts';
import { challengeOf, codeOf, setUpApp } from './second-factor-of.ts';
import { signUp } from './sign-up.ts';
import { type Behaviour, SoftPasskey } from './soft-authenticator.ts';
import { auth, other, servers } from './use-auth.ts';

const own = '/api/profile/second-factor/passkeys';
const post = (path: string, body: unknown, token?: string, instance = auth): Promise<Answer> =>
  instance.call('POST', path, body, { token });
const login = ({ email, password }: Pick<Person, 'email' | 'password'>) => post('/api/login', { email, password });
const challengeIn = (options: unknown): string => String(Reflect.get(Object(options), 'challenge'));
type Person = Awaited<ReturnType<typeof signUp>>;

const begin = ({ token, password }: Pick<Person, 'token' | 'password'>) =>
  post(`${own}/options`, { current_password: password }, token);
const add = async (me: Person, passkey = new SoftPasskey(), how: Behaviour = {}) => {
  const { body } = await begin(me);
  const credential = passkey.create(challengeIn(body.options), how);
  const request = { ceremony: body.ceremony, name: 'My key', credential };
  return { passkey, request, answer: await post(own, request, me.token, other) };
};
const withPasskey = async () => {
  const me = await signUp(auth, 'owner');
  const { passkey, answer } = await add(me);
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return { ...me, passkey };
};
const alone = async (passkey: SoftPasskey, how: Behaviour = {}, instance = auth) => {
  const { body } = await post('/api/login/passkey/options', undefined, undefined, instance);
  const request = { ceremony: body.ceremony, credential: passkey.get(challengeIn(body.options), how) };
  return { request, answer: await post('/api/login/passkey', request, undefined, instance) };
};
const result = ({ status, body }: Answer): unknown => (status < 300 ? status : body.code);
const listed = async (token: string | undefined): Promise<Record<string, unknown>[]> => {
  const { body } = await auth.call('GET', '/api/profile/second-factor', undefined, { token });
  return body.passkeys as Record<string, unknown>[];
};

/** Passkeys against two instances with real servers, by a software authenticator. */
export const tryPasskeys = (): void => {
  let chief: string | undefined;
  beforeAll(async () => {
    chief = (await auth.call('POST', '/api/login', admin)).body.token;
  });

  describe('a passkey', () => {
    it('is added with the password, ends every other sign-in, and is then required after the password', async () => {
      const me = await signUp(auth, 'owner');
      const elsewhere = (await login(me)).body.token;
      expect((await begin({ ...me, password: 'guessed' })).body.code).toBe('invalid_input');
      const { passkey, answer } = await add(me);
      expect([answer.status, (answer.body.recovery_codes as string[]).length]).toEqual([201, 10]);
      await vi.waitFor(async () =>
        expect(result(await auth.call('GET', '/api/profile', undefined, { token: elsewhere }))).toBe('unauthenticated'),
      );
      const first = await login(me);
      const challenge = challengeOf(first);
      expect(first.body.second_factor).toMatchObject({
        methods: ['passkey', 'recovery_code'],
        passkey: { rpId: 'localhost', userVerification: 'preferred', allowCredentials: [{ id: passkey.id }] },
      });
      const credential = passkey.get(challengeIn(Reflect.get(Object(first.body.second_factor), 'passkey')), {
        verified: false,
      });
      expect(result(await post('/api/login/second-factor/passkey', { challenge, credential }, undefined, other))).toBe(
        200,
      );
      expect(result(await post('/api/login/second-factor/passkey', { challenge, credential }))).not.toBe(200);
      expect(await listed(me.token)).toMatchObject([
        { name: 'My key', last_used_at: expect.any(String), synced: false },
      ]);
    });

    it('signs in alone if its authenticator verified the user, and such a sign-in needs no step-up', async () => {
      const me = await withPasskey();
      const { answer } = await alone(me.passkey);
      expect([answer.status, answer.body.user]).toMatchObject([200, { email: me.email }]);
      const renewed = await post('/api/profile/second-factor/recovery-codes', undefined, answer.body.token);
      expect(renewed.status).toBe(200);
      expect(result((await alone(me.passkey, { verified: false })).answer)).toBe('wrong_passkey');
    });

    it('confirms a sign-in, and only the sign-in that asked', async () => {
      const me = await withPasskey();
      const second = (await alone(me.passkey)).answer.body.token;
      await servers.database.collection('signins').updateMany({}, { $set: { second_factor_at: null } });
      const renew = (token: string | undefined) => post('/api/profile/second-factor/recovery-codes', undefined, token);
      expect(result(await renew(me.token))).toBe('step_up_required');
      const { body } = await post('/api/auth/step-up/passkey/options', undefined, me.token);
      const begun = Object(body.passkey);
      const request = { ceremony: begun.ceremony, credential: me.passkey.get(challengeIn(begun.options)) };
      expect(result(await post('/api/auth/step-up/passkey', request, second))).toBe('bad_challenge');
      expect(result(await post('/api/auth/step-up/passkey', request, me.token))).toBe(200);
      expect(result(await post('/api/auth/step-up/passkey', request, me.token))).not.toBe(200);
      expect([result(await renew(me.token)), result(await renew(second))]).toEqual([200, 'step_up_required']);
    });

    it('is renamed and removed by its owner; without the last factor the password signs in', async () => {
      const me = await withPasskey();
      const [{ id } = {}] = await listed(me.token);
      const call = (method: string, token = me.token, body?: object) =>
        auth.call(method, `${own}/${id}`, body, { token });
      expect(result(await call('PATCH', me.token, { name: 'Laptop' }))).toBe(204);
      expect(await listed(me.token)).toMatchObject([{ name: 'Laptop' }]);
      expect(result(await call('DELETE', (await signUp(auth, 'other')).token))).toBe('not_found');
      await setUpApp(auth, me);
      expect(result(await call('DELETE'))).toBe(204);
      expect(await listed(me.token)).toEqual([]);
      expect(result((await alone(me.passkey)).answer)).toBe('wrong_passkey');
      expect((await login(me)).body.second_factor).toMatchObject({ methods: ['totp', 'recovery_code'] });
      expect(result(await auth.call('DELETE', '/api/profile/second-factor/totp', undefined, { token: me.token }))).toBe(
        204,
      );
      expect(result(await login(me))).toBe(200);
    });

    it('is one of twenty at most, and of one account', async () => {
      const me = await withPasskey();
      const { answer } = await add(await signUp(auth, 'thief'), me.passkey);
      expect(result(answer)).toBe('conflict');
      expect(result((await add(me, me.passkey)).answer)).toBe('conflict');
      for (let count = 1; count < 20; count += 1) expect(result((await add(me)).answer)).toBe(201);
      expect(result(await begin(me))).toBe('conflict');
    });
  });

  describe('an answer of an authenticator', () => {
    it.each<[string, Behaviour]>([
      ['of another origin', { origin: 'http://localhost:8081' }],
      ['of an origin with the same end', { origin: 'http://evil-localhost:8080' }],
      ['for another host', { rpId: 'example.com' }],
      ['of another kind of ceremony', { type: 'webauthn.create' }],
      ['that counts backwards, as a copy of a key does', { counter: 0 }],
      ['that names another user', { userHandle: 'AAAAAAAAAAAAAAAA' }],
    ])('%s is refused', async (_what, how) => {
      const me = await withPasskey();
      expect(result((await alone(me.passkey)).answer)).toBe(200);
      expect(result((await alone(me.passkey, how)).answer)).toBe('wrong_passkey');
    });

    it('is accepted once, of twenty at the same time, and by one instance', async () => {
      const me = await withPasskey();
      const { body } = await post('/api/login/passkey/options', undefined);
      const request = { ceremony: body.ceremony, credential: me.passkey.get(challengeIn(body.options)) };
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          post('/api/login/passkey', request, undefined, at % 2 === 0 ? auth : other),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(result(await post('/api/login/passkey', request))).toBe('wrong_passkey');
    });

    it('to another challenge, or with another ceremony, is refused', async () => {
      const me = await withPasskey();
      const one = await post('/api/login/passkey/options', undefined);
      const two = await post('/api/login/passkey/options', undefined);
      const mixed = { ceremony: two.body.ceremony, credential: me.passkey.get(challengeIn(one.body.options)) };
      expect(result(await post('/api/login/passkey', mixed))).toBe('wrong_passkey');
      const stepUp = Object((await post('/api/auth/step-up/passkey/options', undefined, me.token)).body.passkey);
      const foreign = { ceremony: stepUp.ceremony, credential: me.passkey.get(challengeIn(stepUp.options)) };
      expect(result(await post('/api/login/passkey', foreign))).toBe('bad_challenge');
      for (const ceremony of ['', 'wxt_pk_none.none', `${one.body.ceremony}x`])
        expect(result(await post('/api/login/passkey', { ...mixed, ceremony }))).toBe('bad_challenge');
    });

    it('with the key of another user is refused after the password, and so is a key that is not registered', async () => {
      const [me, thief] = [await withPasskey(), await withPasskey()];
      const first = await login(me);
      const credential = thief.passkey.get(challengeIn(Reflect.get(Object(first.body.second_factor), 'passkey')));
      const challenge = challengeOf(first);
      expect(result(await post('/api/login/second-factor/passkey', { challenge, credential }))).toBe('wrong_passkey');
      expect(result((await alone(new SoftPasskey())).answer)).toBe('wrong_passkey');
    });

    it('of a disabled account is refused, and so is one for a new passkey that another sign-in began', async () => {
      const me = await withPasskey();
      const { body } = await begin(me);
      const second = (await alone(me.passkey)).answer.body.token;
      const request = {
        ceremony: body.ceremony,
        name: 'x',
        credential: new SoftPasskey().create(challengeIn(body.options)),
      };
      expect(result(await post(own, request, second))).toBe('bad_challenge');
      expect(result(await post(own, { ...request, credential: new SoftPasskey().create('AAAA') }, me.token))).toBe(
        'wrong_passkey',
      );
      expect((await auth.call('PATCH', `/api/users/${me.id}`, { disabled: true }, { token: chief })).status).toBe(200);
      expect(result((await alone(me.passkey)).answer)).toBe('user_disabled');
    });

    it('is audited', async () => {
      const me = await withPasskey();
      await alone(me.passkey);
      await alone(me.passkey, { counter: 0 });
      await vi.waitFor(async () => {
        const { body } = await auth.call('GET', `/api/audit?user_id=${me.id}`, undefined, { token: chief });
        const text = JSON.stringify(body.events);
        for (const part of ['"method":"passkey"', '"second_factor":"passkey"', '"reason":"wrong_passkey"'])
          expect(text).toContain(part);
      });
    });
  });

  it('an app and a passkey are both accepted', async () => {
    const me = await signUp(auth, 'owner');
    const app = await setUpApp(auth, me);
    const { answer } = await add(me);
    expect([answer.status, answer.body.recovery_codes]).toEqual([201, []]);
    const first = await login(me);
    expect(first.body.second_factor).toMatchObject({ methods: ['passkey', 'totp', 'recovery_code'] });
    const challenge = challengeOf(first);
    expect(result(await post('/api/login/second-factor', { challenge, code: codeOf(app.secret, 1) }))).toBe(200);
  });
};
