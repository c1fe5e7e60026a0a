// Attacks on the second step of a sign-in, by who knows the password, and requests that race with a change of the second factors.
import { sealToken } from '@webxterm/shared/api';
import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { Signins } from '../signins/signins.ts';
import { type Answer, type AuthUnderTest, admin, publicUrl, rootKey } from '../testing/auth-under-test.ts';
import { holdBack } from '../testing/hold-back.ts';
import { challengeOf, codeOf, setUpApp, wrongCodeOf } from '../testing/second-factor-of.ts';
import { signUp } from '../testing/sign-up.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';
import { SignInThrottle } from '../throttling/sign-in-throttle.ts';

useAuth(2);

const somebody = () => signUp(auth, 'owner', '198.51.100.1');
const withApp = async () => {
  const person = await somebody();
  return { ...person, ...(await setUpApp(auth, person)) };
};
const chief = async () => (await other.call('POST', '/api/login', admin)).body.token;
type Account = { readonly email: string; readonly password: string };
const signIn = ({ email, password }: Account, clientIp = '203.0.113.9', instance = auth): Promise<Answer> =>
  instance.call('POST', '/api/login', { email, password }, { clientIp });
const complete = (
  challenge: string,
  code: string,
  { clientIp = '203.0.113.9', instance = auth }: { clientIp?: string; instance?: AuthUnderTest } = {},
): Promise<Answer> => instance.call('POST', '/api/login/second-factor', { challenge, code }, { clientIp });
/**
 * One is signed in. The others are refused, or asked to try again because too many transactions conflicted. If all of them were, `again`
 * succeeds.
 */
const oneSucceeds = async (answers: readonly Answer[], again: () => Promise<Answer>): Promise<void> => {
  expect(answers.filter(({ status }) => ![200, 401, 503].includes(status))).toEqual([]);
  const all = [...answers, await again()];
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
};
/** Makes a bucket that blocks do so for a minute more, because a slow machine may outlast its wait. */
const keepWaiting = async (_id: string): Promise<void> => {
  const throttles = servers.database.collection<{ _id: string }>('throttles');
  const blocked = { _id, blocked_until: { $gt: new Date(0) } };
  const { matchedCount } = await throttles.updateOne(blocked, {
    $set: { blocked_until: new Date(Date.now() + 60_000) },
  });
  expect(matchedCount).toBe(1);
};
const signinsOf = ({ id }: { id: string }) =>
  servers.database.collection('signins').countDocuments({ user_id: new Types.ObjectId(id) });

describe('twenty requests at once through two instances', () => {
  it('with one code of an app, each with a challenge of its own, give one sign-in', async () => {
    const me = await withApp();
    const challenges: string[] = [];
    while (challenges.length < 20) challenges.push(challengeOf(await signIn(me)));
    const code = codeOf(me.secret, 1);
    // From different known addresses, so that the throttle lets all of them through to the code.
    await servers.database.collection('seen_networks').insertMany(
      challenges.map((_, index) => ({
        _id: `${me.id} 192.0.2.${index}` as never,
        expires_at: new Date(Date.now() + 60_000),
      })),
    );
    const answers = await Promise.all(
      challenges.map((challenge, index) =>
        complete(challenge, code, { clientIp: `192.0.2.${index}`, instance: index % 2 === 0 ? auth : other }),
      ),
    );
    await oneSucceeds(answers, async () => complete(challengeOf(await signIn(me)), code));
    expect(await signinsOf(me)).toBe(2);
  });

  it('with one challenge and ten recovery codes give one sign-in, and the other codes stay valid', async () => {
    const me = await withApp();
    const challenge = challengeOf(await signIn(me));
    await servers.database.collection('seen_networks').insertMany(
      me.recoveryCodes.map((_, index) => ({
        _id: `${me.id} 192.0.2.${index}` as never,
        expires_at: new Date(Date.now() + 60_000),
      })),
    );
    const answers = await Promise.all(
      me.recoveryCodes.map((code, index) =>
        complete(challenge, code, { clientIp: `192.0.2.${index}`, instance: index % 2 === 0 ? auth : other }),
      ),
    );
    await oneSucceeds(answers, () => complete(challenge, String(me.recoveryCodes[0])));
    const left = await auth.call('GET', '/api/profile/second-factor', undefined, { token: me.token });
    expect(left.body.recovery_codes_left).toBe(9);
  });
});

describe('a challenge', () => {
  it('that began a sign-in is refused after that', async () => {
    const me = await withApp();
    const challenge = challengeOf(await signIn(me));
    expect((await complete(challenge, String(me.recoveryCodes[0]))).status).toBe(200);
    const again = await complete(challenge, String(me.recoveryCodes[1]), { instance: other });
    expect([again.status, again.body.code]).toEqual([401, 'bad_challenge']);
    // The code was not used up by the refused sign-in.
    expect((await complete(challengeOf(await signIn(me)), String(me.recoveryCodes[1]))).status).toBe(200);
  });

  it('is refused with the code of another account', async () => {
    const [me, attacker] = [await withApp(), await withApp()];
    const challenge = challengeOf(await signIn(me));
    for (const code of [codeOf(attacker.secret, 1), String(attacker.recoveryCodes[0])])
      expect((await complete(challenge, code)).body.code).toBe('wrong_code');
  });

  it('of a changed password, or of a disabled account, is refused', async () => {
    const me = await withApp();
    const challenge = challengeOf(await signIn(me));
    const body = { current_password: me.password, new_password: 'another password' };
    expect((await auth.call('POST', '/api/profile/reset-password', body, { token: me.token })).status).toBe(200);
    const late = await complete(challenge, codeOf(me.secret, 1));
    expect([late.status, late.body.code]).toEqual([401, 'bad_challenge']);
    const next = challengeOf(await signIn({ ...me, password: 'another password' }));
    const row = { _id: new Types.ObjectId(me.id) };
    await servers.database.collection('users').updateOne(row, { $set: { disabled: true } });
    const disabled = await complete(next, codeOf(me.secret, 1));
    expect([disabled.status, disabled.body.code]).toEqual([403, 'user_disabled']);
  });

  it('that is another token, is expired or was changed is refused', async () => {
    const me = await withApp();
    const challenge = challengeOf(await signIn(me));
    const key = deriveRootKeys([rootKey]).current.signInChallenge;
    const claims = JSON.parse(Buffer.from(challenge.slice(7).split('.')[0] ?? '', 'base64url').toString());
    const forged = [
      sealToken(key, 'wxt_sf_', { ...claims, exp: Math.floor(Date.now() / 1000) - 1 }),
      sealToken(key, 'wxt_tk_', claims),
      sealToken(rootKey, 'wxt_sf_', claims),
      sealToken(key, 'wxt_sf_', { ...claims, password: 'x' }),
      sealToken(key, 'wxt_sf_', { ...claims, user_id: '0'.repeat(24) }),
      `${challenge.slice(0, -2)}AA`,
      String(me.token),
      '',
    ];
    for (const each of forged) {
      const answer = await complete(each, codeOf(me.secret, 1));
      expect([each, answer.status, answer.body.code]).toEqual([each, 401, 'bad_challenge']);
    }
    // It is no token for anything else.
    expect((await auth.call('GET', '/api/profile', undefined, { token: challenge })).status).toBe(401);
    expect((await auth.call('POST', '/api/auth/refresh', { token: challenge })).status).toBe(401);
    expect((await complete(challenge, codeOf(me.secret, 1))).status).toBe(200);
  });
});

describe('guessing codes', () => {
  it('is slowed down after five, also by many at once, and does not block a device that signed in before', async () => {
    const me = await withApp();
    const bound = { token: me.token, headers: { origin: publicUrl, 'x-webxterm-browser': '1' } };
    const cookies = (await auth.call('POST', '/api/auth/session', {}, bound)).headers.getSetCookie();
    const cookie = cookies.find((each) => each.startsWith('wxt_device_'))?.split(';')[0] ?? '';
    const challenge = challengeOf(await signIn(me, '192.0.2.50'));
    const wrong = wrongCodeOf(me.secret);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        complete(challenge, wrong, { clientIp: `10.${index}.0.1`, instance: index % 2 === 0 ? auth : other }),
      ),
    );
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(10);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(30);
    await keepWaiting(`code account ${me.id}`);
    const right = { challenge, code: codeOf(me.secret, 1) };
    const unknownClient = await auth.call('POST', '/api/login/second-factor', right, { clientIp: '10.99.0.1' });
    expect([unknownClient.status, Number(unknownClient.headers.get('retry-after')) > 0]).toEqual([429, true]);
    const owner = await auth.call('POST', '/api/login/second-factor', right, {
      clientIp: '10.99.0.1',
      headers: { cookie },
    });
    expect(owner.status).toBe(200);
  });

  it('with the right password does not make the address a known one', async () => {
    const me = await withApp();
    await signIn(me, '192.0.2.60');
    const seen = servers.database.collection<{ _id: string }>('seen_networks');
    expect(await seen.findOne({ _id: `${me.id} 192.0.2.60` })).toBeNull();
    const challenge = challengeOf(await signIn(me, '192.0.2.61'));
    await complete(challenge, codeOf(me.secret, 1), { clientIp: '192.0.2.61' });
    expect(await seen.findOne({ _id: `${me.id} 192.0.2.61` })).not.toBeNull();
  });

  it('of a step-up is slowed down as well', async () => {
    const me = await withApp();
    const stepUp = (code: string) => auth.call('POST', '/api/auth/step-up', { code }, { token: me.token });
    const answers = await Promise.all(Array.from({ length: 20 }, () => stepUp(wrongCodeOf(me.secret))));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(10);
    await keepWaiting(`code confirmation ${me.id}`);
    expect((await stepUp(codeOf(me.secret, 1))).status).toBe(429);
  });
});

describe('a second factor that changes between a check and its action', () => {
  it('a sign-in whose password was checked before the app was set up needs a code', async () => {
    const me = await somebody();
    const held = holdBack('before', Signins.prototype, 'begin', ({ _id }) => _id.toHexString() === me.id);
    const late = signIn(me);
    await held.reached;
    await setUpApp(other, me);
    held.release();
    challengeOf(await late);
    expect(await signinsOf(me)).toBe(1);
  });

  it('a code that was checked before an administrator removed the app is refused', async () => {
    const me = await withApp();
    const challenge = challengeOf(await signIn(me));
    const held = holdBack('before', Signins.prototype, 'beginWithFactor', ({ _id }) => _id.toHexString() === me.id);
    const late = complete(challenge, codeOf(me.secret, 1));
    await held.reached;
    const path = `/api/users/${me.id}/second-factor`;
    expect((await other.call('DELETE', path, undefined, { token: await chief() })).status).toBe(204);
    held.release();
    const answer = await late;
    expect([answer.status, answer.body.code]).toEqual([401, 'wrong_code']);
    expect(await signinsOf(me)).toBe(0);
  });

  it('an app that another request replaced meanwhile is not confirmed by the code of the first', async () => {
    const me = await somebody();
    const begin = async () => {
      const body = { current_password: me.password };
      const answer = await auth.call('POST', '/api/profile/second-factor/totp', body, { token: me.token });
      return String(answer.body.secret);
    };
    const first = await begin();
    const held = holdBack('after', SignInThrottle.prototype, 'admitOwnCode', (id) => id === me.id);
    const path = '/api/profile/second-factor/totp/confirm';
    const late = auth.call('POST', path, { code: codeOf(first) }, { token: me.token });
    await held.reached;
    const second = await begin();
    held.release();
    const answer = await late;
    expect([answer.status, answer.body.code]).toEqual([409, 'conflict']);
    expect((await auth.call('POST', path, { code: codeOf(second) }, { token: me.token })).status).toBe(200);
  });

  it('a repeated sign-up is refused if the account has a second factor', async () => {
    const me = await withApp();
    const row = { _id: new Types.ObjectId(me.id) };
    const open = { $set: { signup_open_until: new Date(Date.now() + 60_000) } };
    await servers.database.collection('users').updateOne(row, open);
    const { username, email, password } = me;
    const again = await auth.call('POST', '/api/signup', { username, email, password });
    expect([again.status, again.body.code]).toEqual([409, 'email_taken']);
  });
});
