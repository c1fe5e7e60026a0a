import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Answer,
  type AuthUnderTest,
  admin,
  publicUrl,
  startAuthInstance,
  startTestServers,
  type TestServers,
} from '../testing/auth-under-test.ts';
import { challengeOf, codeOf, setUpApp } from '../testing/second-factor-of.ts';
import { signUp } from '../testing/sign-up.ts';
import { type TestPerson, TestProvider } from '../testing/test-provider.ts';

const folder = mkdtempSync(join(tmpdir(), 'webxterm-oidc-'));
let servers: TestServers;
let auth: AuthUnderTest;
let [first, second]: TestProvider[] = [];
let chief: string | undefined;

beforeAll(async () => {
  const client_secret_file = join(folder, 'secret');
  writeFileSync(client_secret_file, 'the secret');
  [servers, first, second] = await Promise.all([
    startTestServers(),
    TestProvider.start(`${publicUrl}/sign-in/first`),
    TestProvider.start(`${publicUrl}/sign-in/second`),
  ]);
  const client = { client_id: 'webxterm', client_secret_file };
  const providers = [
    { id: 'first', label: 'The first', issuer: first.issuer, sign_up: ['example.com'], ...client },
    { id: 'second', label: 'The second', issuer: second.issuer, sign_up: 'invited', ...client },
    { id: 'closed', label: 'Closed', issuer: 'http://127.0.0.1:1', ...client },
  ];
  auth = await startAuthInstance(servers, { OIDC_PROVIDERS: JSON.stringify(providers), SIGNUP: 'open' });
  chief = (await auth.call('POST', '/api/login', admin)).body.token;
});
afterAll(async () => {
  await auth?.stop();
  await Promise.all([servers?.stop(), first?.stop(), second?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const providerOf = (id: string): TestProvider => {
  const found = id === 'first' ? first : second;
  if (found === undefined) throw new Error('the providers are not started');
  return found;
};
let people = 0;
const somebody = (change: Partial<TestPerson> = {}): TestPerson => {
  people += 1;
  return { sub: `sub-${people}`, email: `person${people}@example.com`, ...change };
};
const post = (path: string, body: unknown, token?: string): Promise<Answer> => auth.call('POST', path, body, { token });
const begin = async (id: string, body: object = {}) => {
  const answer = await post(`/api/login/oidc/${id}`, body);
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
  return { url: String(answer.body.url), transaction: String(answer.body.transaction) };
};
const complete = (transaction: string, query: string) => post('/api/login/oidc', { transaction, query });
const signInAs = async (person: TestPerson, id = 'first', body: object = {}): Promise<Answer> => {
  const { url, transaction } = await begin(id, body);
  return complete(transaction, await providerOf(id).signIn(url, person));
};
const result = ({ status, body }: Answer): unknown => (status < 300 ? status : body.code);
type Person = Awaited<ReturnType<typeof signUp>>;
const beginLink = ({ token, password }: Pick<Person, 'token' | 'password'>, id = 'first') =>
  post(`/api/profile/identities/${id}`, { current_password: password }, token);
const link = async (me: Person, person: TestPerson, id = 'first'): Promise<Answer> => {
  const { body } = await beginLink(me, id);
  const query = await providerOf(id).signIn(String(body.url), person);
  return post('/api/profile/identities', { transaction: body.transaction, query }, me.token);
};
const linkedUser = async (person = somebody()) => {
  const me = await signUp(auth, 'owner');
  expect(result(await link(me, person))).toBe(204);
  return { me, person };
};
const identities = async (token: string | undefined) =>
  (await auth.call('GET', '/api/profile/identities', undefined, { token })).body;

describe('a sign-in through a provider', () => {
  it('is listed, and has PKCE, a state, a nonce and the address of this installation, new for each', async () => {
    const methods = await auth.call('GET', '/api/login/methods');
    expect(methods.body.providers).toContainEqual({ id: 'first', label: 'The first', sets_up: true });
    const [one, two] = [await begin('first'), await begin('first')].map(({ url }) => new URL(url).searchParams);
    expect(Object.fromEntries(one ?? [])).toMatchObject({
      redirect_uri: `${publicUrl}/sign-in/first`,
      response_type: 'code',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one?.get(name)?.length).toBeGreaterThanOrEqual(43);
      expect(one?.get(name)).not.toBe(two?.get(name));
    }
  });

  it('makes an account for a confirmed address of the domain, and is that account from then on', async () => {
    const person = somebody({ username: 'Ada Lovelace' });
    const made = await signInAs(person);
    expect([made.status, made.body.user]).toMatchObject([200, { username: 'Ada Lovelace', email: person.email }]);
    const again = await signInAs({ ...person, email: 'moved@elsewhere.example', verified: false });
    expect(again.body.user).toMatchObject({ id: made.body.user?.id });
    const namesake = await signInAs(somebody({ username: 'Ada Lovelace' }));
    expect(namesake.body.user).toMatchObject({ username: 'Ada Lovelace-2' });
    const { body } = await auth.call('GET', `/api/users?search=${person.email}`, undefined, { token: chief });
    expect(body.users).toMatchObject([{ set_up: true }]);
  });

  it('of an account without a password sets one, within ten minutes', async () => {
    const person = somebody();
    const { token } = (await signInAs(person)).body;
    const password = { current_password: '', new_password: 'chosen later' };
    const set = await post('/api/profile/reset-password', password, token);
    expect(set.status).toBe(200);
    expect(result(await post('/api/login', { email: person.email, password: 'chosen later' }))).toBe(200);
    // From now on the password counts.
    expect(result(await post('/api/profile/reset-password', password, token))).toBe('invalid_input');
  });

  it('ends as every other sign-in, by sign-out', async () => {
    const { token } = (await signInAs(somebody())).body;
    expect((await auth.call('GET', '/api/profile', undefined, { token })).status).toBe(200);
    await auth.call('POST', '/api/auth/logout', undefined, { token });
    expect((await auth.call('GET', '/api/profile', undefined, { token })).status).toBe(401);
  });

  it('needs the second factor of the account, and its challenge ends with the link', async () => {
    const { me, person } = await linkedUser();
    const app = await setUpApp(auth, me);
    const asked = await signInAs(person);
    const done = await post('/api/login/second-factor', { challenge: challengeOf(asked), code: codeOf(app.secret, 1) });
    expect(result(done)).toBe(200);
    const pending = challengeOf(await signInAs(person));
    const [{ id } = { id: '' }] = (await identities(me.token)).identities as { id: string }[];
    expect(result(await auth.call('DELETE', `/api/profile/identities/${id}`, undefined, { token: me.token }))).toBe(
      204,
    );
    const late = await post('/api/login/second-factor', { challenge: pending, code: app.recoveryCodes[0] });
    expect(result(late)).toBe('bad_challenge');
  });

  it('of a disabled account is refused, and a provider that does not answer is named', async () => {
    const { me, person } = await linkedUser();
    await auth.call('PATCH', `/api/users/${me.id}`, { disabled: true }, { token: chief });
    expect(result(await signInAs(person))).toBe('user_disabled');
    const away = await post('/api/login/oidc/closed', {});
    expect([away.status, away.body.error]).toEqual([503, expect.stringContaining('Closed does not answer')]);
    expect(result(await post('/api/login/oidc/unknown', {}))).toBe('not_found');
  });

  it('by a setup link links the account that an administrator made, once', async () => {
    const account = { username: 'invited', email: 'invited@company.example' };
    const { body } = await auth.call('POST', '/api/users', account, { token: chief });
    const setup_token = String(body.setup_url).split('#')[1];
    const person = somebody({ email: 'private@elsewhere.example' });
    const answer = await signInAs(person, 'second', { setup_token });
    expect([answer.status, answer.body.user]).toMatchObject([200, { username: 'invited', email: account.email }]);
    expect((await signInAs(person, 'second')).body.user).toMatchObject({ username: 'invited' });
    expect(result(await post('/api/login/oidc/second', { setup_token }))).toBe('bad_link');
    const mine = { token: answer.body.token, password: '' };
    const { identities: linked, has_password } = await identities(mine.token);
    expect([linked, has_password]).toMatchObject([[{ provider: 'The second' }], false]);
    const [{ id } = { id: '' }] = linked as { id: string }[];
    expect(result(await auth.call('DELETE', `/api/profile/identities/${id}`, undefined, { token: mine.token }))).toBe(
      'conflict',
    );
    // Without a password, the sign-in of the last ten minutes counts in its place.
    expect(result(await post('/api/profile/second-factor/totp', { current_password: '' }, mine.token))).toBe(200);
    await servers.database
      .collection('signins')
      .updateMany({}, { $set: { created_at: new Date(Date.now() - 601_000) } });
    expect(result(await post('/api/profile/second-factor/totp', { current_password: '' }, mine.token))).toBe(
      'forbidden',
    );
  });
});

describe('an attacker', () => {
  it('with the e-mail address of an account at a provider gets neither that account nor a new one', async () => {
    const victim = await signUp(auth, 'victim');
    const same = somebody({ email: victim.email });
    expect(result(await signInAs(same))).toBe('email_taken');
    expect(result(await signInAs(same, 'second'))).toBe('not_linked');
    const { me, person } = await linkedUser();
    expect(result(await signInAs({ ...person, sub: 'another subject', email: me.email }))).toBe('email_taken');
    // The same subject at another issuer is another person.
    expect(result(await signInAs(person, 'second'))).toBe('not_linked');
  });

  it('with an unconfirmed address, or one of another domain, gets no account', async () => {
    for (const change of [
      { verified: false },
      { email: 'someone@elsewhere.example' },
      { email: 'someone@sub.example.com' },
      { email: 'someone@evil.test@example.com' },
    ])
      expect([change, result(await signInAs(somebody(change)))]).toEqual([change, 'not_linked']);
  });

  it('with the code of another browser is refused, whatever the state says', async () => {
    const { person } = await linkedUser();
    const victims = await begin('first');
    const query = await providerOf('first').signIn(victims.url, person);
    const own = await begin('first');
    expect(result(await complete(own.transaction, query))).toBe('provider_refused');
    const forged = new URLSearchParams(query);
    forged.set('state', new URL(own.url).searchParams.get('state') ?? '');
    expect(result(await complete(own.transaction, forged.toString()))).toBe('provider_refused');
    for (const transaction of ['', 'wxt_oi_none.none', `${victims.transaction}x`])
      expect(result(await complete(transaction, query))).toBe('bad_challenge');
  });

  it('with a code that was used is refused, of ten at the same time too', async () => {
    const { person } = await linkedUser();
    const { url, transaction } = await begin('first');
    const query = await providerOf('first').signIn(url, person);
    const answers = await Promise.all(Array.from({ length: 8 }, () => complete(transaction, query)));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect(result(await complete(transaction, query))).not.toBe(200);
  });

  it('who mixes up the answers of two providers is refused', async () => {
    const { person } = await linkedUser();
    const mine = await begin('first');
    const theirs = await begin('second');
    const answer = new URLSearchParams(await providerOf('second').signIn(theirs.url, person));
    answer.set('state', new URL(mine.url).searchParams.get('state') ?? '');
    expect(result(await complete(mine.transaction, answer.toString()))).toBe('provider_refused');
    // Without the issuer, and as if it came from the other one.
    answer.set('iss', providerOf('first').issuer);
    expect(result(await complete(mine.transaction, answer.toString()))).toBe('provider_refused');
    answer.delete('iss');
    expect(result(await complete(mine.transaction, answer.toString()))).toBe('provider_refused');
  });

  it('cannot choose where the user is sent, nor end a sign-in with an error of their own', async () => {
    for (const body of [{ next: 'https://evil.example' }, { redirect_uri: 'https://evil.example' }])
      expect(result(await post('/api/login/oidc/first', body))).toBe('invalid_input');
    const { transaction } = await begin('first');
    for (const query of [
      '',
      'error=access_denied',
      'code=a',
      '#code=a',
      'redirect_uri=https://evil.example&code=a&state=b',
    ])
      expect([query, result(await complete(transaction, query))]).toEqual([query, 'provider_refused']);
  });

  it('with wrong answers is slowed down after thirty, and other addresses are not', async () => {
    const { transaction } = await begin('first');
    const wrong = (clientIp: string) =>
      auth.call('POST', '/api/login/oidc', { transaction, query: 'code=a&state=b' }, { clientIp });
    const codes: unknown[] = [];
    for (let count = 0; count < 31; count += 1) codes.push(result(await wrong('198.51.100.7')));
    expect(codes.slice(0, 30)).toEqual(Array(30).fill('provider_refused'));
    expect(codes[30]).toBe('too_many_requests');
    expect(result(await wrong('198.51.100.8'))).toBe('provider_refused');
  });

  it('at an open browser cannot link without the password, nor complete a link that another sign-in began', async () => {
    const me = await signUp(auth, 'owner');
    expect(result(await beginLink({ ...me, password: 'guessed' }))).toBe('invalid_input');
    const elsewhere = (await post('/api/login', { email: me.email, password: me.password })).body.token;
    const { body } = await beginLink(me);
    const query = await providerOf('first').signIn(String(body.url), somebody());
    const request = { transaction: body.transaction, query };
    expect(result(await post('/api/profile/identities', request, elsewhere))).toBe('bad_challenge');
    expect(result(await complete(String(body.transaction), query))).toBe('bad_challenge');
    const signIn = await begin('first');
    const other = { transaction: signIn.transaction, query: await providerOf('first').signIn(signIn.url, somebody()) };
    expect(result(await post('/api/profile/identities', other, me.token))).toBe('bad_challenge');
    expect((await identities(me.token)).identities).toEqual([]);
  });

  it('with a stale second factor links nothing', async () => {
    const { me } = await linkedUser();
    await setUpApp(auth, me);
    await servers.database.collection('signins').updateMany({}, { $set: { second_factor_at: null } });
    expect(result(await beginLink(me, 'second'))).toBe('step_up_required');
  });
});

describe('a link', () => {
  it('is of one account, and its end ends every other sign-in', async () => {
    const { me, person } = await linkedUser();
    const other = await signUp(auth, 'owner');
    expect(result(await link(other, person))).toBe('conflict');
    expect(result(await link(me, person))).toBe('conflict');
    const { token } = (await signInAs(person)).body;
    const [{ id, last_used_at } = { id: '', last_used_at: null }] = (await identities(me.token)).identities as {
      id: string;
      last_used_at: string | null;
    }[];
    expect(last_used_at).not.toBeNull();
    expect(result(await auth.call('DELETE', `/api/profile/identities/${id}`, undefined, { token: other.token }))).toBe(
      'not_found',
    );
    expect(result(await auth.call('DELETE', `/api/profile/identities/${id}`, undefined, { token: me.token }))).toBe(
      204,
    );
    await vi.waitFor(async () =>
      expect((await auth.call('GET', '/api/profile', undefined, { token })).status).toBe(401),
    );
    expect(result(await signInAs({ ...person, email: 'gone@elsewhere.example' }))).toBe('not_linked');
  });

  it('are ten at most', async () => {
    const { me } = await linkedUser();
    const row = { issuer: 'https://example.com', sub: 'x', name: '', linked_at: new Date(), last_used_at: null };
    const more = Array.from({ length: 9 }, (_, at) => ({ ...row, id: `${me.id}${at}`, key: `${me.id} ${at}` }));
    await servers.database
      .collection('users')
      .updateOne({ email_lower: me.email }, { $push: { identities: { $each: more } } as never });
    expect(result(await link(me, somebody()))).toBe('conflict');
  });

  it('and each sign-in by it is audited, without codes and secrets', async () => {
    const { me, person } = await linkedUser();
    await signInAs(person);
    await signInAs({ ...person, sub: 'unknown', email: 'x@elsewhere.example' });
    await vi.waitFor(async () => {
      const { body } = await auth.call('GET', `/api/audit?user_id=${me.id}`, undefined, { token: chief });
      const text = JSON.stringify(body.events);
      for (const part of ['"identity_linked"', '"provider":"first"']) expect(text).toContain(part);
      const failed = await auth.call('GET', '/api/audit?action=login_failed', undefined, { token: chief });
      expect(JSON.stringify(failed.body.events)).toContain('"not_linked"');
      expect(`${text}${JSON.stringify(failed.body)}`).not.toContain('the secret');
    });
  });
});
