import { randomBytes } from 'node:crypto';
import { hashSid, makePersonalToken } from '@webxterm/shared/api';
import { describe, expect, it, vi } from 'vitest';
import { type AuthUnderTest, admin, rootKey, startAuthInstance } from '../testing/auth-under-test.ts';
import { codeOf, setUpApp } from '../testing/second-factor-of.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';

useAuth(2);

let count = 0;
const somebody = async () => {
  count += 1;
  const person = { username: `token owner ${count}`, email: `token${count}@example.com`, password: 'yourpassword' };
  const { body } = await auth.call('POST', '/api/signup', person);
  return { ...person, token: String(body.token), id: String(body.user?.id) };
};
const asAdmin = async () => String((await auth.call('POST', '/api/login', admin)).body.token);

interface Made {
  readonly token: string;
  readonly id: string;
}
const make = async (owner: string, wanted: object = {}, at: AuthUnderTest = auth): Promise<Made> => {
  const body = { name: 'backup', scopes: ['account:read'], ...wanted };
  const answer = await at.call('POST', '/api/profile/tokens', body, { token: owner });
  expect([answer.status, answer.body.code]).toEqual([201, undefined]);
  return { token: String(answer.body.token), id: String(Reflect.get(Object(answer.body.access_token), 'id')) };
};
const profileBy = async (token: string, clientIp = '203.0.113.9', at: AuthUnderTest = auth) => {
  const { status, body } = await at.call('GET', '/api/profile', undefined, { token, clientIp });
  return [status, body.code];
};
const rowsOf = (action: string, targetId: string) =>
  vi.waitFor(async () => {
    const rows = await servers.database.collection('audit_events').find({ action, 'target.id': targetId }).toArray();
    expect(rows.length).toBeGreaterThan(0);
    return rows;
  });
const rowOf = (id: string) => servers.database.collection('access_tokens').findOne({ token_id: id });

describe('a personal access token', () => {
  it('authenticates as its owner on every instance, and is kept only as a keyed hash', async () => {
    const owner = await somebody();
    const made = await make(owner.token);
    expect(made.token).toMatch(/^vsay_pat_[0-9A-Za-z]{36}$/);
    for (const each of [auth, other]) expect(await profileBy(made.token, undefined, each)).toEqual([200, undefined]);
    const row = await rowOf(made.id);
    expect(JSON.stringify(row)).not.toContain(made.token.slice('vsay_pat_'.length));
    expect(row?.index).toMatch(/^[\w-]{8}\.[\w-]{43}$/);
    const shown = await auth.call('GET', '/api/profile', undefined, { token: made.token });
    expect(shown.body.user).toMatchObject({ username: owner.username, api_key: '' });
    const [created] = await rowsOf('access_token_created', made.id);
    expect(created).toMatchObject({
      actor: { user_id: owner.id },
      details: expect.stringContaining('"scopes":"account:read"'),
    });
    const list = await auth.call('GET', '/api/profile/tokens', undefined, { token: owner.token });
    expect(JSON.stringify(list.body)).not.toContain(made.token);
    await vi.waitFor(async () => expect((await rowOf(made.id))?.last_used_ip).toBe('203.0.113.9'));
  });

  it('is refused with a wrong checksum, unknown, or as another kind of token', async () => {
    const owner = await somebody();
    const { token } = await make(owner.token);
    const last = token.endsWith('0') ? '1' : '0';
    const wrong = [`${token.slice(0, -1)}${last}`, makePersonalToken(), token.toLowerCase(), `${token}0`, 'vsay_pat_'];
    for (const each of wrong) expect([each, ...(await profileBy(each))]).toEqual([each, 401, 'unauthenticated']);
    expect((await auth.call('POST', '/api/auth/refresh', { token })).status).toBe(401);
    const headers = { origin: 'http://127.0.0.1:8080', 'x-webxterm-browser': '1' };
    const bound = await auth.call('POST', '/api/auth/session', {}, { token, headers });
    expect([bound.status, bound.body.code]).toEqual([403, 'token_not_allowed']);
  });

  it('does nothing to the account, whatever its scopes', async () => {
    const root = await asAdmin();
    const scopes = ['see', 'open', 'manage', 'account:read', 'machines:add', 'audit:read', 'updates:manage'];
    const { token, id } = await make(root, { scopes });
    const calls: [string, string, unknown?][] = [
      ['POST', '/api/profile/tokens', { name: 'more', scopes: ['see'] }],
      ['GET', '/api/profile/tokens'],
      ['DELETE', `/api/profile/tokens/${id}`],
      ['POST', '/api/profile/regenerate-api-key'],
      ['POST', '/api/profile/reset-password', { current_password: admin.password, new_password: 'another one' }],
      ['POST', '/api/profile/second-factor/totp', { current_password: admin.password }],
      ['POST', '/api/auth/step-up', { code: '123456' }],
      ['PATCH', '/api/profile', { username: 'called otherwise' }],
      ['DELETE', '/api/profile', { current_password: admin.password }],
      ['GET', '/api/users'],
      ['POST', '/api/users', { username: 'x', email: 'x@example.com' }],
      ['DELETE', '/api/auth/sessions'],
      ['POST', '/api/auth/logout'],
    ];
    for (const [method, path, body] of calls) {
      const answer = await auth.call(method, path, body, { token });
      expect([path, answer.status, answer.body.code]).toEqual([path, 403, 'token_not_allowed']);
    }
    expect((await auth.call('GET', '/api/audit', undefined, { token })).status).toBe(200);
  });

  it('needs the scope of the route, and the role of its owner now', async () => {
    const root = await asAdmin();
    const owner = await somebody();
    const narrow = await make(owner.token, { scopes: ['see'] });
    expect(await profileBy(narrow.token)).toEqual([403, 'token_not_allowed']);
    const refused = await auth.call(
      'POST',
      '/api/profile/tokens',
      { name: 'audit', scopes: ['audit:read'] },
      { token: owner.token },
    );
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    await auth.call('PATCH', `/api/users/${owner.id}`, { role: 'admin' }, { token: root });
    const audit = await make(owner.token, { scopes: ['audit:read'] });
    const read = () => auth.call('GET', '/api/audit', undefined, { token: audit.token });
    expect((await read()).status).toBe(200);
    await auth.call('PATCH', `/api/users/${owner.id}`, { role: 'user' }, { token: root });
    await vi.waitFor(async () => expect((await read()).body.code).toBe('forbidden'));
  });

  it('ends with its revocation, and with its owner', async () => {
    const root = await asAdmin();
    const owner = await somebody();
    const [mine, by, rest] = [await make(owner.token), await make(owner.token), await make(owner.token)];
    for (const { token } of [mine, by, rest])
      expect(await profileBy(token, undefined, other)).toEqual([200, undefined]);
    expect((await auth.call('DELETE', `/api/profile/tokens/${mine.id}`, undefined, { token: root })).status).toBe(404);
    const revoked = await auth.call('DELETE', `/api/profile/tokens/${mine.id}`, undefined, { token: owner.token });
    expect(revoked.status).toBe(204);
    await vi.waitFor(async () =>
      expect(await profileBy(mine.token, undefined, other)).toEqual([401, 'unauthenticated']),
    );
    const one = await auth.call('DELETE', `/api/users/${owner.id}/tokens?token_id=${by.id}`, undefined, {
      token: root,
    });
    expect(one.body).toEqual({ revoked: 1 });
    await vi.waitFor(async () => expect(await profileBy(by.token, undefined, other)).toEqual([401, 'unauthenticated']));
    expect(await rowsOf('access_token_revoked', by.id)).toHaveLength(1);

    await auth.call('PATCH', `/api/users/${owner.id}`, { disabled: true }, { token: root });
    await vi.waitFor(async () => expect((await profileBy(rest.token, undefined, other))[0]).toBe(401));
    await auth.call('PATCH', `/api/users/${owner.id}`, { disabled: false }, { token: root });
    await vi.waitFor(async () => expect((await profileBy(rest.token, undefined, other))[0]).toBe(200));
    const listed = await auth.call('GET', `/api/users/${owner.id}/tokens`, undefined, { token: root });
    expect(listed.body.tokens).toMatchObject([{ id: rest.id }]);
    expect(
      (await auth.call('DELETE', `/api/users/${owner.id}?machines=remove`, undefined, { token: root })).status,
    ).toBe(204);
    await vi.waitFor(async () => expect((await profileBy(rest.token, undefined, other))[0]).toBe(401));
    expect(await rowOf(rest.id)).toBeNull();
  });

  it('works from its addresses only, and each new one is audited', async () => {
    const owner = await somebody();
    const made = await make(owner.token, { addresses: ['192.0.2.0/24', '2001:db8::/32'] });
    for (const ip of ['192.0.2.7', '2001:db8::7', '::ffff:192.0.2.9'])
      expect((await profileBy(made.token, ip))[0]).toBe(200);
    for (const at of [auth, other])
      expect(await profileBy(made.token, '198.51.100.7', at)).toEqual([403, 'token_not_allowed']);
    expect((await rowsOf('access_token_refused', made.id))[0]).toMatchObject({
      reason: 'address_not_allowed',
      address: '198.51.100.7',
    });
    await vi.waitFor(async () => {
      const seen = (await rowsOf('access_token_new_address', made.id)).map(({ address }) => address);
      expect(seen).toEqual(expect.arrayContaining(['192.0.2.7', '2001:db8::7']));
    });
    const bad = { name: 'x', scopes: ['see'], addresses: ['example.com'] };
    expect((await auth.call('POST', '/api/profile/tokens', bad, { token: owner.token })).status).toBe(400);
  });

  it('ends at its time, and its use after that is audited', async () => {
    const owner = await somebody();
    const made = await make(owner.token, { expires_in_days: 1 });
    const id = { token_id: made.id };
    expect((await profileBy(made.token))[0]).toBe(200);
    // The list shows it after the next change of the user.
    await servers.database
      .collection('access_tokens')
      .updateOne(id, { $set: { expires_at: new Date(Math.floor(Date.now() / 1000) * 1000 + 3999) } });
    await auth.call('PATCH', '/api/profile', { username: `${owner.username} renamed` }, { token: owner.token });
    await vi.waitFor(async () => expect((await profileBy(made.token))[0]).toBe(401), { timeout: 15_000 });
    const fresh = await startAuthInstance(servers);
    expect((await profileBy(made.token, undefined, fresh))[0]).toBe(401);
    await fresh.stop();
    expect((await rowsOf('access_token_refused', made.id))[0]).toMatchObject({ reason: 'expired' });
  });

  it('lives as long as the server allows', async () => {
    const strict = await startAuthInstance(servers, { MAX_TOKEN_DAYS: '30' });
    const { token } = await somebody();
    const wanted = (days: number) => ({ name: 'x', scopes: ['see'], expires_in_days: days });
    const refused = await strict.call('POST', '/api/profile/tokens', wanted(31), { token });
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid_input']);
    expect((await strict.call('POST', '/api/profile/tokens', wanted(30), { token })).status).toBe(201);
    expect((await strict.call('GET', '/api/profile/tokens', undefined, { token })).body.max_days).toBe(30);
    await strict.stop();
  });

  it('is created only after the second factor was confirmed', async () => {
    const owner = await somebody();
    const { secret } = await setUpApp(auth, owner);
    await servers.database.collection('signins').updateMany({}, { $set: { second_factor_at: null } });
    const body = { name: 'x', scopes: ['see'] };
    const refused = await auth.call('POST', '/api/profile/tokens', body, { token: owner.token });
    expect([refused.status, refused.body.code]).toEqual([403, 'step_up_required']);
    const confirmed = await auth.call('POST', '/api/auth/step-up', { code: codeOf(secret, 1) }, { token: owner.token });
    expect(confirmed.status).toBe(200);
    expect((await auth.call('POST', '/api/profile/tokens', body, { token: owner.token })).status).toBe(201);
  });

  it('survives a change of the root key', async () => {
    const owner = await somebody();
    const made = await make(owner.token);
    const before = await rowOf(made.id);
    const ROOT_KEY = `${randomBytes(32).toString('base64url')}\n${rootKey.toString('base64url')}`;
    const rotated = await startAuthInstance(servers, { ROOT_KEY });
    expect((await profileBy(made.token, undefined, rotated))[0]).toBe(200);
    await vi.waitFor(async () => expect((await rowOf(made.id))?.index).not.toBe(before?.index));
    expect((await rowOf(made.id))?.sid_hash).toBe(before?.sid_hash);
    await rotated.stop();
  });
});

describe('the limits of tokens', () => {
  it('are fifty for one user, of which expired ones make room, and a slower pace after twenty', async () => {
    const owner = await somebody();
    const { id } = await make(owner.token);
    const tokens = servers.database.collection('access_tokens');
    const row = await tokens.findOne({ token_id: id });
    const hashOf = (index: number) => hashSid(`${index} ${owner.id}`);
    const more = Array.from({ length: 49 }, (_, index) => {
      const { _id, ...rest } = row ?? { _id: undefined };
      return { ...rest, token_id: `pt_${index}`, index: `i${index} ${owner.id}`, sid_hash: hashOf(index) };
    });
    await tokens.insertMany(more);
    const wanted = { name: 'x', scopes: ['see'] };
    const full = await auth.call('POST', '/api/profile/tokens', wanted, { token: owner.token });
    expect([full.status, full.body.code]).toEqual([409, 'too_many_access_tokens']);
    await tokens.updateOne({ sid_hash: hashOf(0) }, { $set: { expires_at: new Date(0) } });
    expect((await auth.call('POST', '/api/profile/tokens', wanted, { token: owner.token })).status).toBe(201);
    expect(await tokens.countDocuments({ user_id: row?.user_id })).toBe(50);
    const paced = await Promise.all(
      Array.from({ length: 30 }, () => auth.call('POST', '/api/profile/tokens', wanted, { token: owner.token })),
    );
    expect(paced.filter(({ status }) => status === 429).length).toBeGreaterThan(5);
  });

  it('slow down unknown tokens of an address, and no valid one there', async () => {
    const owner = await somebody();
    const { token } = await make(owner.token);
    const clientIp = '198.51.100.77';
    const statuses: unknown[] = [];
    for (let round = 0; round < 12; round += 1)
      statuses.push(
        ...(await Promise.all(Array.from({ length: 10 }, () => profileBy(makePersonalToken(), clientIp)))).map(
          ([status]) => status,
        ),
      );
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(105);
    expect(statuses).toContain(429);
    expect(await profileBy(token, clientIp)).toEqual([200, undefined]);
  });
});
