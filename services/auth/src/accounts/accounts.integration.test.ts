import { describe, expect, it } from 'vitest';
import { admin, startAuthInstance, startTestServers } from '../testing/auth-under-test.ts';
import { claimsOf } from '../testing/forged-tokens.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';
import type { User } from './user.ts';

useAuth(2);

let count = 0;
const somebody = (): { username: string; email: string; password: string } => {
  count += 1;
  return { username: `Somebody ${count}`, email: `Somebody${count}@Example.com`, password: 'yourpassword' };
};
const signUp = async (person = somebody()) => {
  const answer = await auth.call('POST', '/api/signup', person);
  return { person, answer, token: answer.body.token ?? '' };
};

describe('sign-up', () => {
  it('answers 201 with a token and the user, exactly as the authentication API says', async () => {
    const { person, answer } = await signUp();
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      user: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        username: person.username,
        email: person.email,
        api_key: expect.stringMatching(/^vsay_ak_[0-9A-Za-z]{32}$/),
      },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('makes a token of 24 hours that names the user and the sign-in, and no role', async () => {
    const { answer, token } = await signUp();
    const claims = claimsOf(token);
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sid', 'sub', 'typ']);
    expect(claims.sub).toBe(answer.body.user?.id);
    expect(Number(claims.exp) - Number(claims.iat)).toBe(24 * 3600);
  });

  it('signs in at once, on every instance', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { token } = await signUp();
      expect((await other.call('GET', '/api/profile', undefined, { token })).status).toBe(200);
    }
  });

  it('accepts an e-mail address once, however it is written', async () => {
    const { person } = await signUp();
    const again = { ...somebody(), email: person.email.toUpperCase().replace('EXAMPLE.COM', 'example.COM') };
    const { answer } = await signUp(again);
    expect([answer.status, answer.body.code]).toEqual([409, 'email_taken']);
    expect(answer.body).toMatchObject({ error: expect.any(String), request_id: 'the-request' });
  });

  it('accepts a username once, however it is written', async () => {
    const { person } = await signUp();
    const { answer } = await signUp({ ...somebody(), username: ` ${person.username.toUpperCase()} ` });
    expect([answer.status, answer.body.code]).toEqual([409, 'username_taken']);
  });

  it('refuses a username that looks like another one, and one with invisible letters', async () => {
    for (const username of ['аdmіn', 'АDMIN', 'adrnin']) {
      const { answer } = await signUp({ ...somebody(), username });
      expect([username, answer.status, answer.body.code]).toEqual([username, 409, 'username_taken']);
    }
    for (const username of ['ad\u115fmin', 'admin\u2800', '\u3164', 'ad\u034fmin', 'admin\ufe00']) {
      const { answer } = await signUp({ ...somebody(), username });
      expect([username, answer.status, answer.body.code]).toEqual([username, 400, 'invalid_input']);
    }
    expect((await signUp({ ...somebody(), username: 'Админ' })).answer.status).toBe(201);
  });

  it('of many at once with names that look alike, through several instances, accepts exactly one', async () => {
    const answers = await Promise.all(
      ['Paco', 'Раco', 'Pаco', 'Pacо', 'РАСО', 'pасо'].map((username, index) =>
        (index % 2 === 0 ? auth : other).call('POST', '/api/signup', { ...somebody(), username }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  it('of many at once with one e-mail, through several instances, accepts exactly one', async () => {
    const { email, password } = somebody();
    const answers = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((each) =>
        (each % 2 === 0 ? auth : other).call('POST', '/api/signup', { username: `racer ${each}`, email, password }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    for (const answer of answers.filter((each) => each.status === 409)) expect(answer.body.code).toBe('email_taken');
    expect(await servers.database.collection('users').countDocuments({ email_lower: email.toLowerCase() })).toBe(1);
  });

  it('of many at once with one username accepts exactly one', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map((each) =>
        auth.call('POST', '/api/signup', { ...somebody(), username: each === 1 ? 'Ada' : 'ADA' }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409]);
  });

  it.each([
    ['no username', { username: undefined }, 'username'],
    ['no e-mail', { email: undefined }, 'email'],
    ['no password', { password: undefined }, 'password'],
    ['a field too many', { role: 'admin' }, 'role'],
    ['a number for a password', { password: 123_456 }, 'password'],
    ['an object for an e-mail', { email: { $ne: '' } }, 'email'],
    ['null for a username', { username: null }, 'username'],
    ['a list for a username', { username: ['a'] }, 'username'],
    ['an e-mail without @', { email: 'john.example.com' }, 'email'],
    ['an e-mail with a space', { email: 'john doe@example.com' }, 'email'],
    ['a password of 5 characters', { password: '12345' }, 'password'],
    ['a password of 129 characters', { password: 'x'.repeat(129) }, 'password'],
    ['an empty username', { username: '  ' }, 'username'],
    ['a username with a zero-width space', { username: 'a\u200bb' }, 'username'],
    ['a username that turns the text around', { username: 'a\u202eb' }, 'username'],
    ['a username of 65 characters', { username: 'x'.repeat(65) }, 'username'],
  ])('refuses %s with 400 and names the field', async (_what, change, path) => {
    const answer = await auth.call('POST', '/api/signup', { ...somebody(), ...change });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_input']);
    expect(answer.body.details).toEqual([expect.objectContaining({ path, message: expect.any(String) })]);
  });

  it.each([
    ['what is not JSON', { raw: '{"username":' }, 400, 'bad_request'],
    ['text', { raw: 'username=a', headers: { 'content-type': 'text/plain' } }, 415, 'unsupported_media_type'],
    ['a body without a type', { raw: '{}', headers: { 'content-type': '' } }, 415, 'unsupported_media_type'],
    ['a JSON string', { raw: '"text"' }, 400, 'bad_request'],
    ['a JSON list', { raw: '[]' }, 400, 'invalid_input'],
    ['100 KB', { raw: JSON.stringify({ username: 'x'.repeat(100_000) }) }, 413, 'payload_too_large'],
    [
      '__proto__',
      { raw: '{"__proto__":{"a":1},"username":"a","email":"a@b.cd","password":"123456"}' },
      400,
      'invalid_input',
    ],
  ])('refuses %s', async (_what, call, status, code) => {
    const answer = await auth.call('POST', '/api/signup', undefined, call);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('allows only its own methods', async () => {
    const answer = await auth.call('GET', '/api/signup');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('answers 403 where sign-up is closed, and existing users still sign in', async () => {
    const { person } = await signUp();
    const closed = await startAuthInstance(servers, { SIGNUP: 'closed' });
    const answer = await closed.call('POST', '/api/signup', somebody());
    expect([answer.status, answer.body.code]).toEqual([403, 'signup_closed']);
    expect((await closed.call('POST', '/api/login', person)).status).toBe(400);
    const { email, password } = person;
    expect((await closed.call('POST', '/api/login', { email, password })).status).toBe(200);
    await closed.stop();
  });
});

describe('sign-in', () => {
  it('answers 200 with a new token and the same user', async () => {
    const { person, answer: signedUp } = await signUp();
    const answer = await other.call('POST', '/api/login', {
      email: person.email.toLowerCase(),
      password: person.password,
    });
    expect(answer.status).toBe(200);
    expect(answer.body.user).toEqual(signedUp.body.user);
    expect(answer.body.token).not.toBe(signedUp.body.token);
    expect(Object.keys(answer.body).sort()).toEqual(['token', 'user']);
  });

  it('answers a wrong password and an unknown e-mail alike', async () => {
    const { person } = await signUp();
    const wrong = await auth.call('POST', '/api/login', { email: person.email, password: 'yourpassworD' });
    const unknown = await auth.call('POST', '/api/login', { email: 'nobody@example.com', password: 'yourpassword' });
    expect(wrong.status).toBe(401);
    expect(wrong.body).toEqual(unknown.body);
    expect(unknown.status).toBe(401);
    expect(wrong.body.code).toBe('wrong_credentials');
  });

  it('upgrades a plain bcrypt hash at the next sign-in', async () => {
    const { person } = await signUp();
    const users = servers.database.collection('users');
    const filter = { email_lower: person.email.toLowerCase() };
    const { default: bcrypt } = await import('bcrypt');
    await users.updateOne(filter, { $set: { password_hash: await bcrypt.hash(person.password, 4) } });
    const { email, password } = person;
    expect((await auth.call('POST', '/api/login', { email, password })).status).toBe(200);
    expect((await users.findOne(filter))?.password_hash).toMatch(/^v1\$[\w-]+\$2b\$04\$/);
    expect((await auth.call('POST', '/api/login', { email, password })).status).toBe(200);
  });

  it('refuses the right password of a disabled account', async () => {
    const { person } = await signUp();
    const { email, password } = person;
    await servers.database
      .collection('users')
      .updateOne({ email_lower: email.toLowerCase() }, { $set: { disabled: true } });
    const answer = await auth.call('POST', '/api/login', { email, password });
    expect([answer.status, answer.body.code]).toEqual([403, 'user_disabled']);
    expect((await auth.call('POST', '/api/login', { email, password: 'wrong!' })).status).toBe(401);
  });

  it('does not accept a filter as a password or an e-mail', async () => {
    const answer = await auth.call('POST', '/api/login', { email: { $gt: '' }, password: { $gt: '' } });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_input']);
  });
});

describe('the profile', () => {
  it('shows the own user, with the API key', async () => {
    const { person, answer, token } = await signUp();
    const shown = await auth.call('GET', '/api/profile', undefined, { token });
    expect(shown.status).toBe(200);
    expect(shown.body).toEqual({
      user: {
        id: answer.body.user?.id,
        username: person.username,
        email: person.email,
        role: 'user',
        api_key: answer.body.user?.api_key,
        api_key_created_at: expect.any(String),
        api_key_last_used_at: null,
        api_key_last_used_ip: null,
        avatar_url: null,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    });
  });

  it('requires a sign-in', async () => {
    const answer = await auth.call('GET', '/api/profile');
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('gives a new API key when the old one cannot be opened any more', async () => {
    const { answer, token } = await signUp();
    await servers.database
      .collection('users')
      .updateOne({ username: answer.body.user?.username }, { $set: { 'api_key.sealed': 'gone.AAAA' } });
    const shown = await auth.call('GET', '/api/profile', undefined, { token });
    expect(shown.body.user?.api_key).toMatch(/^vsay_ak_[0-9A-Za-z]{32}$/);
    expect(shown.body.user?.api_key).not.toBe(answer.body.user?.api_key);
  });
});

describe('a new installation', () => {
  it('has one administrator, which is created at the start, and no sign-up becomes one', async () => {
    await signUp();
    const admins = await servers.database.collection('users').find({ role: 'admin' }).toArray();
    expect(admins.map((each) => [each.email, each.username])).toEqual([[admin.email, 'admin']]);
    const signedIn = await auth.call('POST', '/api/login', admin);
    const shown = await auth.call('GET', '/api/profile', undefined, { token: signedIn.body.token });
    expect(shown.body.user?.role).toBe('admin');
  });

  it('does not start without an administrator', async () => {
    const fresh = await startTestServers();
    await expect(startAuthInstance(fresh, { ADMIN_EMAIL: '' })).rejects.toThrow(/ADMIN_EMAIL, ADMIN_PASSWORD/);
    await fresh.stop();
  });
});

describe('the database', () => {
  it('contains no usable password, API key, token or sign-in id', async () => {
    const { person, answer, token } = await signUp({ ...somebody(), password: 'a-password-to-look-for' });
    const all = await Promise.all(
      (await servers.database.listCollections()).map(({ name }) =>
        servers.database.collection(name).find({}).toArray(),
      ),
    );
    const text = JSON.stringify(all);
    expect(text).toContain(person.email);
    for (const secret of [person.password, String(answer.body.user?.api_key), token, String(claimsOf(token).sid)])
      expect(text).not.toContain(secret);
  });
});

type StoredNames = Pick<User, 'username' | 'username_folded' | 'username_skeletons' | 'email_lower'>;

describe('users of a version that allowed names that look alike', () => {
  const users = () => servers.database.collection<StoredNames>('users');
  const stored = (email: string) => users().findOne({ email_lower: email.toLowerCase() });

  it('keep their names when the service starts, and no new user can get a name that looks like them', async () => {
    const [first, second, plain] = [await signUp(), await signUp(), await signUp()];
    const names = [
      [first.person.email, 'Оскар'],
      [second.person.email, 'Оcкар'],
      [plain.person.email, 'Xena'],
    ] as const;
    for (const [email, username] of names) {
      const change = { username, username_folded: username.toLowerCase() };
      await users().updateOne(
        { email_lower: email.toLowerCase() },
        { $set: change, $unset: { username_skeletons: '' } },
      );
    }
    // The version before had no such step.
    await servers.database.collection('migrations').deleteMany({});
    for (let start = 0; start < 2; start += 1) await (await startAuthInstance(servers)).stop();

    const found = await Promise.all(names.map(([email]) => stored(email)));
    expect(found.map((user) => user?.username)).toEqual(['Оскар', 'Оcкар', 'Xena']);
    const filled = found.map((user) => user?.username_skeletons !== undefined);
    expect(filled.slice(0, 2).sort()).toEqual([false, true]);
    expect(filled[2]).toBe(true);
    for (const username of ['Хena', 'Ocкap', 'Oскар'])
      expect((await signUp({ ...somebody(), username })).answer.body.code).toBe('username_taken');

    const { token } = second;
    const change = (body: unknown) => auth.call('PATCH', '/api/profile', body, { token });
    const email = `moved.${second.person.email}`;
    expect((await change({ email, current_password: second.person.password })).status).toBe(200);
    expect((await change({ username: 'Oskar the Second' })).status).toBe(200);
    expect((await stored(email))?.username_skeletons).toBeInstanceOf(Array);
  });
});
