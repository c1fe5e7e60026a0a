import { verifyApiKey } from '@webxterm/contracts/bus';
import { listSignins, listUsers } from '@webxterm/contracts/rest';
import { createLogger } from '@webxterm/shared';
import { ask, connectBus } from '@webxterm/shared/bus';
import { Types } from 'mongoose';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { apiKeySha256 } from '../api-keys/api-key.ts';
import { admin, startAuthInstance } from '../testing/auth-under-test.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';

useAuth(2);
let adminToken = '';

beforeAll(async () => {
  adminToken = (await auth.call('POST', '/api/login', admin)).body.token ?? '';
});

let count = 0;
const somebody = async (username?: string) => {
  count += 1;
  const person = {
    username: username ?? `Person ${count}`,
    email: `person${count}@example.com`,
    password: 'yourpassword',
  };
  const { body } = await auth.call('POST', '/api/signup', person, { clientIp: '203.0.113.9' });
  return { ...person, token: body.token, id: String(body.user?.id), apiKey: String(body.user?.api_key) };
};
const signIn = async ({ email, password }: { email: string; password: string }) =>
  auth.call('POST', '/api/login', { email, password }, { headers: { 'user-agent': 'a second device' } });
const status = async (token: string | undefined, instance = other): Promise<number> =>
  (await instance.call('GET', '/api/profile', undefined, { token })).status;
const within = { timeout: 5000, interval: 50 };

describe('the own sign-ins', () => {
  it('are listed with place and time, and with a mark at the current one', async () => {
    const me = await somebody();
    await signIn(me);
    const answer = await auth.call('GET', '/api/auth/sessions', undefined, { token: me.token });
    expect(answer.status).toBe(200);
    const { sessions } = listSignins.success.schema.parse(answer.body);
    expect(sessions).toHaveLength(2);
    expect(sessions.filter((session) => session.current)).toHaveLength(1);
    expect(sessions.find((session) => !session.current)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      current: false,
      created_at: expect.stringMatching(/Z$/),
      last_seen_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
      ip_address: '203.0.113.9',
      user_agent: 'a second device',
    });
  });

  it('can be ended one by one, on every instance at once, and by no other user', async () => {
    const me = await somebody();
    const outsider = await somebody();
    const second = (await signIn(me)).body.token;
    const listed = await auth.call('GET', '/api/auth/sessions', undefined, { token: me.token });
    const { sessions } = listSignins.success.schema.parse(listed.body);
    const path = `/api/auth/sessions/${String(sessions.find((session) => !session.current)?.id)}`;
    expect((await auth.call('DELETE', path, undefined, { token: outsider.token })).status).toBe(404);
    expect(await status(second)).toBe(200);
    expect((await auth.call('DELETE', path, undefined, { token: me.token })).status).toBe(204);
    await vi.waitFor(async () => expect(await status(second)).toBe(401), within);
    expect(await status(me.token)).toBe(200);
    expect((await auth.call('DELETE', path, undefined, { token: me.token })).status).toBe(404);
    expect((await auth.call('DELETE', '/api/auth/sessions/x', undefined, { token: me.token })).status).toBe(400);
  });

  it('can all be ended except the current one', async () => {
    const me = await somebody();
    const others = [(await signIn(me)).body.token, (await signIn(me)).body.token];
    const answer = await auth.call('DELETE', '/api/auth/sessions', undefined, { token: me.token });
    expect([answer.status, answer.body]).toEqual([200, { ended: 2 }]);
    for (const token of others) await vi.waitFor(async () => expect(await status(token)).toBe(401), within);
    expect(await status(me.token)).toBe(200);
  });
});

describe('a sign-in', () => {
  const listed = async (token: string | undefined) =>
    listSignins.success.schema.parse((await auth.call('GET', '/api/auth/sessions', undefined, { token })).body)
      .sessions;
  /** Changes the end of a user's sign-ins, and updates the allow-list. */
  const endAt = async (id: string, at: Date): Promise<void> => {
    const user_id = new Types.ObjectId(id);
    await servers.database.collection('signins').updateMany({ user_id }, { $set: { expires_at: at } });
    await auth.call('PATCH', `/api/users/${id}`, { role: 'user' }, { token: adminToken });
  };
  const expiryOf = (token: unknown): number =>
    Number(JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()).exp) * 1000;

  it('lives 30 days, however often its token is refreshed', async () => {
    const me = await somebody();
    const [mine] = await listed(me.token);
    expect(Date.parse(mine?.expires_at ?? '') - Date.parse(mine?.created_at ?? '')).toBe(30 * 86_400_000);
    const end = new Date(Date.now() + 3_600_000);
    await endAt(me.id, end);
    await vi.waitFor(async () => {
      const { body } = await auth.call('POST', '/api/auth/refresh', { token: me.token });
      expect(Math.abs(expiryOf(body.token) - end.getTime())).toBeLessThan(1000);
    }, within);
    await endAt(me.id, new Date(Date.now() - 1));
    await vi.waitFor(async () => expect(await status(me.token)).toBe(401), within);
    expect((await auth.call('POST', '/api/auth/refresh', { token: me.token })).status).toBe(401);
  });

  it('over the limit of one user ends the one that was seen longest ago', async () => {
    const bounded = await startAuthInstance(servers, { MAX_SIGNINS_PER_USER: '3' });
    const me = await somebody();
    const enter = async () =>
      (await bounded.call('POST', '/api/login', { email: me.email, password: me.password })).body.token;
    const tokens = [me.token, await enter(), await enter()];
    for (const token of tokens) expect(await status(token)).toBe(200);
    tokens.push(await enter());
    await vi.waitFor(async () => expect(await status(me.token)).toBe(401), within);
    for (const token of tokens.slice(1)) expect(await status(token)).toBe(200);
    expect(await listed(tokens[3])).toHaveLength(3);
    // Six more at the same time. The next sign-in ends the surplus.
    await Promise.all(Array.from({ length: 6 }, enter));
    const last = await enter();
    expect(await listed(last)).toHaveLength(3);
    await bounded.stop();
  });
});

describe('the own API key', () => {
  it('shows when and from where it was last used, at one write a minute', async () => {
    const me = await somebody();
    const hub = await connectBus({
      urls: [servers.natsUrl],
      user: 'agent-hub',
      password: servers.natsPassword('agent-hub'),
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    const use = (ip_address: string) => ask(hub, verifyApiKey, { key_sha256: apiKeySha256(me.apiKey), ip_address });
    const shown = async () => (await auth.call('GET', '/api/profile', undefined, { token: me.token })).body.user;
    expect(await shown()).toMatchObject({ api_key_last_used_at: null, api_key_last_used_ip: null });
    await use('198.51.100.7');
    await vi.waitFor(async () => expect((await shown())?.api_key_last_used_ip).toBe('198.51.100.7'), within);
    const first = (await shown())?.api_key_last_used_at;
    await Promise.all(Array.from({ length: 50 }, () => use('198.51.100.8')));
    expect((await shown())?.api_key_last_used_at).toBe(first);
    const user_id = new Types.ObjectId(me.id);
    const users = servers.database.collection('users');
    await users.updateOne({ _id: user_id }, { $set: { 'api_key.last_used_at': new Date(Date.now() - 61_000) } });
    // The instance that recorded the first use waits a minute; the other one writes.
    await vi.waitFor(async () => {
      await use('198.51.100.9');
      expect((await shown())?.api_key_last_used_ip).toBe('198.51.100.9');
    }, within);
    await hub.close();
  });

  it('can be replaced: the old one is invalid at once', async () => {
    const me = await somebody();
    const answer = await auth.call('POST', '/api/profile/regenerate-api-key', undefined, { token: me.token });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ message: expect.any(String), api_key: expect.stringMatching(/^vsay_ak_\w{32}$/) });
    const shown = await auth.call('GET', '/api/profile', undefined, { token: me.token });
    expect(shown.body.user?.api_key).toBe(answer.body.api_key);
    const hub = await connectBus({
      urls: [servers.natsUrl],
      user: 'agent-hub',
      password: servers.natsPassword('agent-hub'),
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    const verify = (key: string) => ask(hub, verifyApiKey, { key_sha256: apiKeySha256(key) });
    expect((await verify(String(answer.body.api_key))).user_id).toBe(me.id);
    await expect(verify(me.apiKey)).rejects.toMatchObject({ code: 'bad_api_key' });
    await hub.close();
  });
});

describe('the own password', () => {
  const change = (token: string | undefined, current: string, wanted: string) =>
    auth.call('POST', '/api/profile/reset-password', { current_password: current, new_password: wanted }, { token });

  it('can be changed: the old one and every other sign-in end', async () => {
    const me = await somebody();
    const second = (await signIn(me)).body.token;
    const answer = await change(me.token, me.password, 'another password');
    expect([answer.status, answer.body]).toEqual([200, { message: expect.any(String) }]);
    await vi.waitFor(async () => expect(await status(second)).toBe(401), within);
    expect(await status(me.token)).toBe(200);
    expect((await signIn(me)).status).toBe(401);
    expect((await signIn({ ...me, password: 'another password' })).status).toBe(200);
  });

  it('is not changed without the current one, and guesses are slowed down', async () => {
    const me = await somebody();
    const wrong = await change(me.token, 'guess', 'another password');
    expect([wrong.status, wrong.body.code]).toEqual([400, 'invalid_input']);
    expect(wrong.body.details).toEqual([{ path: 'current_password', message: expect.any(String) }]);
    for (let tries = 0; tries < 9; tries += 1) await change(me.token, 'guess', 'another password');
    expect((await change(me.token, me.password, 'another password')).status).toBe(429);
    expect((await signIn(me)).status).toBe(200);
  });

  it('has 6 characters or more', async () => {
    const me = await somebody();
    const answer = await change(me.token, me.password, '12345');
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_input']);
  });
});

describe('users', () => {
  it.each([
    ['GET', '/api/users'],
    ['PATCH', `/api/users/${'a'.repeat(24)}`],
    ['DELETE', `/api/users/${'a'.repeat(24)}`],
    ['GET', `/api/users/${'a'.repeat(24)}/belongings`],
  ])('%s %s is for administrators', async (method, path) => {
    const me = await somebody();
    const body = method === 'PATCH' ? { role: 'admin' } : undefined;
    expect((await auth.call(method, path, body)).status).toBe(401);
    const answer = await auth.call(method, path, body, { token: me.token });
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
  });

  it('are all listed by cursor while those that were read are deleted', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => somebody()));
    const ids = new Set(made.map(({ id }) => id));
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query = cursor === '' ? 'limit=2' : `limit=2&cursor=${cursor}`;
      const { body } = await auth.call('GET', `/api/users?${query}`, undefined, { token: adminToken });
      const page = listUsers.success.schema.parse(body);
      const read = page.users.map(({ id }) => id).filter((id) => ids.has(id));
      for (const id of read) await auth.call('DELETE', `/api/users/${id}`, undefined, { token: adminToken });
      seen.push(...read);
      cursor = page.next_cursor;
    }
    expect(seen.sort()).toEqual([...ids].sort());
    const refused = await auth.call('GET', '/api/users?cursor=junk', undefined, { token: adminToken });
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid_input']);
  });

  it('are not listed from a cursor of another search', async () => {
    await Promise.all(['cursor one', 'cursor two'].map((username) => somebody(username)));
    const list = (query: string) => auth.call('GET', `/api/users?limit=1&${query}`, undefined, { token: adminToken });
    const next = (await list('search=cursor')).body.next_cursor;
    expect((await list(`search=cursor&cursor=${next}`)).body).toMatchObject({ users: [{ username: 'cursor two' }] });
    for (const query of [`cursor=${next}`, `search=curso&cursor=${next}`])
      expect(await list(query)).toMatchObject({
        status: 400,
        body: { code: 'invalid_input', details: [{ path: 'cursor' }] },
      });
  });

  it('are listed by name, found by a part of name or address, and page by page', async () => {
    const me = await somebody();
    const all = await auth.call('GET', '/api/users?limit=2', undefined, { token: adminToken });
    expect(all.body).toMatchObject({ page: 1, limit: 2, users: [{ username: 'admin', role: 'admin' }, {}] });
    expect(Number(all.body.total_pages)).toBe(Math.ceil(Number(all.body.total) / 2));
    for (const search of [me.email.toUpperCase(), me.username.toLowerCase()]) {
      const found = await auth.call('GET', `/api/users?search=${encodeURIComponent(search)}`, undefined, {
        token: adminToken,
      });
      expect(found.body.users).toContainEqual({
        id: me.id,
        username: me.username,
        email: me.email,
        role: 'user',
        disabled: false,
        set_up: true,
        second_factor: false,
        avatar_url: null,
        created_at: expect.any(String),
      });
    }
    const none = await auth.call('GET', '/api/users?search=.*', undefined, { token: adminToken });
    expect(none.body.users).toEqual([]);
  });

  it('are in natural order on every page, also those that an earlier version stored or renamed', async () => {
    const ordered = [
      'Alpha order',
      'alpha order 2',
      'beta order',
      'Éclair order',
      'eden order',
      'node2 order',
      'node10 order',
    ];
    const accounts = await Promise.all([...ordered, 'Zeta order'].toReversed().map((username) => somebody(username)));
    const names = async (instance = auth): Promise<string[]> => {
      const seen: string[] = [];
      for (let query = 'search=order&limit=3'; ; ) {
        const { body } = await instance.call('GET', `/api/users?${query}`, undefined, { token: adminToken });
        const page = listUsers.success.schema.parse(body);
        seen.push(...page.users.map(({ username }) => username));
        if (page.next_cursor === null) return seen;
        query = `search=order&limit=3&cursor=${page.next_cursor}`;
      }
    };
    expect(await names()).toEqual([...ordered, 'Zeta order']);

    const users = servers.database.collection<{ username: string; username_folded: string; username_key?: string }>(
      'users',
    );
    const of = (username: string) => ({
      _id: new Types.ObjectId(accounts.find((one) => one.username === username)?.id),
    });
    for (const username of ['beta order', 'node10 order'])
      await users.updateOne(of(username), { $unset: { username_key: '' } });
    await users.updateOne(of('Zeta order'), { $set: { username: 'Aaa order', username_folded: 'aaa order' } });
    expect((await names()).sort()).toEqual(['Aaa order', ...ordered].sort());
    const started = await startAuthInstance(servers);
    expect(await names(started)).toEqual(['Aaa order', ...ordered]);
    await started.stop();

    const renamed = accounts.find(({ username }) => username === 'node2 order');
    const change = await auth.call('PATCH', '/api/profile', { username: 'node30 order' }, { token: renamed?.token });
    expect(change.status).toBe(200);
    expect((await names()).slice(-2)).toEqual(['node10 order', 'node30 order']);
  });

  it('that are disabled lose access at once, and have it again when enabled', async () => {
    const me = await somebody();
    const disable = (disabled: boolean) =>
      auth.call('PATCH', `/api/users/${me.id}`, { disabled }, { token: adminToken });
    expect((await disable(true)).body.user).toMatchObject({ id: me.id, disabled: true });
    await vi.waitFor(async () => expect(await status(me.token)).toBe(401), within);
    expect((await signIn(me)).status).toBe(403);
    await disable(false);
    await vi.waitFor(async () => expect(await status(me.token)).toBe(200), within);
  });

  it('that become administrators have the rights at once, and lose them when they become users', async () => {
    const me = await somebody();
    const list = () => other.call('GET', '/api/users', undefined, { token: me.token });
    const promote = (role: string) => auth.call('PATCH', `/api/users/${me.id}`, { role }, { token: adminToken });
    expect((await promote('admin')).status).toBe(200);
    await vi.waitFor(async () => expect((await list()).status).toBe(200), within);
    expect((await promote('user')).status).toBe(200);
    await vi.waitFor(async () => expect((await list()).status).toBe(403), within);
  });

  it('that are deleted are gone, with all their sign-ins', async () => {
    const me = await somebody();
    const path = `/api/users/${me.id}?machines=remove`;
    expect((await auth.call('DELETE', path, undefined, { token: adminToken })).status).toBe(204);
    await vi.waitFor(async () => expect(await status(me.token)).toBe(401), within);
    expect((await signIn(me)).status).toBe(401);
    expect((await auth.call('DELETE', path, undefined, { token: adminToken })).status).toBe(404);
  });

  it.each([[{}], [{ role: 'root' }], [{ disabled: 'yes' }], [{ role: 'user', email: 'x@example.com' }]])(
    'are not changed by %j',
    async (body) => {
      const me = await somebody();
      const answer = await auth.call('PATCH', `/api/users/${me.id}`, body, { token: adminToken });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_input']);
    },
  );

  it('keep one administrator: of ten demoted, disabled or deleted at the same moment one remains', async () => {
    const people = [];
    for (let count = 0; count < 9; count += 1) people.push(await somebody());
    for (const { id } of people) await auth.call('PATCH', `/api/users/${id}`, { role: 'admin' }, { token: adminToken });
    const me = await auth.call('GET', '/api/profile', undefined, { token: adminToken });
    type Admin = { readonly id: string; readonly token: string | undefined };
    const admins: Admin[] = [...people, { id: String(me.body.user?.id), token: adminToken }];
    // Each acts on itself. An administrator who was demoted before gets an error.
    const change = ({ id, token }: Admin, index: number) => {
      const instance = index % 2 === 0 ? auth : other;
      if (index % 3 === 2) return instance.call('DELETE', `/api/users/${id}?machines=remove`, undefined, { token });
      return instance.call('PATCH', `/api/users/${id}`, index % 3 === 0 ? { disabled: true } : { role: 'user' }, {
        token,
      });
    };
    // Ten conflicting transactions may take longer than a request may. A 503 is repeated, as its Retry-After says. The first request may
    // still be committed, and then the second one has no valid sign-in.
    const settle = async (who: Admin, index: number): Promise<number> => {
      const { status } = await change(who, index);
      if (status !== 503) return status;
      const again = await settle(who, index);
      return [401, 403].includes(again) ? 200 : again;
    };
    const statuses = await Promise.all(admins.map(settle));
    expect(await servers.database.collection('users').countDocuments({ role: 'admin', disabled: false })).toBe(1);
    expect(statuses.filter((each) => each === 409)).toHaveLength(1);
    expect(statuses.filter((each) => ![200, 204, 409].includes(each))).toEqual([]);
  });
});
