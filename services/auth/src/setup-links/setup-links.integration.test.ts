import { createUser, listAudit, lookUpLink } from '@webxterm/contracts/rest';
import { sealToken } from '@webxterm/shared/api';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { admin, jwtSecret, publicUrl } from '../testing/auth-under-test.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';

useAuth(2);
let adminToken = '';

beforeAll(async () => {
  adminToken = (await auth.call('POST', '/api/login', admin)).body.token ?? '';
});

let count = 0;
const invite = async (role?: string) => {
  count += 1;
  const person = { username: `Invited ${count}`, email: `invited${count}@example.com` };
  const answer = await auth.call('POST', '/api/users', role === undefined ? person : { ...person, role }, {
    token: adminToken,
  });
  expect(answer.status).toBe(201);
  const made = createUser.success.schema.parse(answer.body);
  return { ...person, ...made, linkToken: tokenOf(made.setup_url) };
};
const tokenOf = (url: unknown): string => new URL(String(url)).hash.slice(1);
const redeem = (token: string, password: string, instance = auth) =>
  instance.call('POST', '/api/auth/setup', { token, password });
const signIn = (email: string, password: string) => auth.call('POST', '/api/login', { email, password });
const resetLink = async (id: string): Promise<string> =>
  tokenOf((await auth.call('POST', `/api/users/${id}/reset-link`, undefined, { token: adminToken })).body.url);
const status = async (token: unknown): Promise<number> =>
  (await other.call('GET', '/api/profile', undefined, { token: String(token) })).status;
const within = { timeout: 5000, interval: 50 };

describe('an account that an administrator creates', () => {
  it('has a link with the token in its fragment, valid for an hour', async () => {
    const made = await invite();
    expect(made.setup_url).toMatch(new RegExp(`^${publicUrl}/setup#wxt_sl_[A-Za-z0-9_-]{43}$`));
    expect(made.expires_in).toBe(3600);
    expect(made.user).toMatchObject({ username: made.username, email: made.email, role: 'user', set_up: false });
    const looked = await other.call('POST', '/api/auth/link', { token: made.linkToken });
    expect(looked.status).toBe(200);
    const seen = lookUpLink.success.schema.parse(looked.body);
    expect(seen).toMatchObject({ kind: 'setup', username: made.username, email: made.email });
    expect(Date.parse(seen.expires_at) - Date.now()).toBeGreaterThan(3_590_000);
  });

  it('is in the audit log from its creation to its password, without the token', async () => {
    const made = await invite();
    await redeem(made.linkToken, 'yourpassword');
    await vi.waitFor(async () => {
      const log = await auth.call('GET', `/api/audit?user_id=${made.user.id}`, undefined, { token: adminToken });
      const rows = listAudit.success.schema.parse(log.body).events;
      const reported = rows.map((row) => [row.action, row.actor.username, row.target?.name]);
      for (const action of ['user_created', 'setup_link_created'])
        expect(reported).toContainEqual([action, 'admin', made.username]);
      expect(reported).toContainEqual(['link_redeemed', made.username, made.username]);
      expect(JSON.stringify(log.body)).not.toContain(made.linkToken.slice(7));
    }, within);
  });

  it('refuses every password before one was chosen', async () => {
    const { email } = await invite();
    for (const password of ['', 'null', '!', 'yourpassword']) expect((await signIn(email, password)).status).toBe(401);
  });

  it('is signed in when the password is chosen, and the link is invalid after that', async () => {
    const made = await invite('admin');
    const answer = await redeem(made.linkToken, 'chosen by me');
    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ id: made.user.id, email: made.email, api_key: expect.any(String) });
    expect(await status(answer.body.token)).toBe(200);
    expect((await signIn(made.email, 'chosen by me')).status).toBe(200);
    for (const again of [
      await redeem(made.linkToken, 'by somebody else'),
      await other.call('POST', '/api/auth/link', { token: made.linkToken }),
    ])
      expect([again.status, again.body.code]).toEqual([401, 'bad_link']);
    const listed = await auth.call('GET', `/api/users?search=${made.email}`, undefined, { token: adminToken });
    expect(listed.body.users).toMatchObject([{ set_up: true, role: 'admin' }]);
  });

  it('needs a free name and address, and can be created by administrators only', async () => {
    const made = await invite();
    const make = (body: unknown, token = adminToken) => auth.call('POST', '/api/users', body, { token });
    const free = { username: 'Nobody yet', email: 'nobody.yet@example.com' };
    expect((await make({ ...free, email: made.email.toUpperCase() })).body.code).toBe('email_taken');
    expect((await make({ ...free, username: made.username.toUpperCase() })).body.code).toBe('username_taken');
    for (const body of [{}, { ...free, role: 'root' }, { ...free, password: 'x' }, { ...free, email: 'x' }])
      expect((await make(body)).body.code).toBe('invalid_input');
    const user = await redeem(made.linkToken, 'yourpassword');
    expect((await make(free, user.body.token)).status).toBe(403);
    const path = `/api/users/${made.user.id}/reset-link`;
    expect((await auth.call('POST', path, undefined, { token: user.body.token })).status).toBe(403);
  });

  it('does not count as the last administrator before the password is chosen', async () => {
    const users = servers.database.collection('users');
    const first = await users.findOne({ email_lower: admin.email });
    await users.updateMany({ role: 'admin', email_lower: { $ne: admin.email } }, { $set: { role: 'user' } });
    await invite('admin');
    const demote = await auth.call(
      'PATCH',
      `/api/users/${String(first?._id)}`,
      { role: 'user' },
      { token: adminToken },
    );
    expect([demote.status, demote.body.code]).toEqual([409, 'conflict']);
  });
});

describe('a reset link', () => {
  const somebody = async () => {
    const made = await invite();
    const { body } = await redeem(made.linkToken, 'the old password');
    return { id: made.user.id, email: made.email, token: body.token };
  };

  it('ends every earlier sign-in and changes the password', async () => {
    const me = await somebody();
    const answer = await redeem(await resetLink(me.id), 'the new password', other);
    expect(answer.status).toBe(200);
    await vi.waitFor(async () => expect(await status(me.token)).toBe(401), within);
    expect(await status(answer.body.token)).toBe(200);
    expect((await signIn(me.email, 'the old password')).status).toBe(401);
    expect((await signIn(me.email, 'the new password')).status).toBe(200);
  });

  it('ends with a newer one, with a password change, and with the account', async () => {
    const me = await somebody();
    const first = await resetLink(me.id);
    const second = await resetLink(me.id);
    expect((await redeem(first, 'yourpassword')).body.code).toBe('bad_link');
    const change = { current_password: 'the old password', new_password: 'changed by myself' };
    expect((await auth.call('POST', '/api/profile/reset-password', change, { token: me.token })).status).toBe(200);
    expect((await redeem(second, 'yourpassword')).body.code).toBe('bad_link');
    const third = await resetLink(me.id);
    const path = `/api/users/${me.id}`;
    expect((await auth.call('DELETE', `${path}?machines=remove`, undefined, { token: adminToken })).status).toBe(204);
    expect((await redeem(third, 'yourpassword')).body.code).toBe('bad_link');
    expect((await auth.call('POST', `${path}/reset-link`, undefined, { token: adminToken })).status).toBe(404);
  });

  it('expires after an hour', async () => {
    const me = await somebody();
    const token = await resetLink(me.id);
    await servers.database.collection('links').updateMany({}, { $set: { expires_at: new Date(Date.now() - 1) } });
    expect((await redeem(token, 'yourpassword')).body.code).toBe('bad_link');
  });

  it('is redeemed once, however many try at the same moment', async () => {
    const me = await somebody();
    const token = await resetLink(me.id);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => redeem(token, `password ${index}`, index % 2 === 0 ? auth : other)),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 401, 401, 401, 401, 401]);
    const winner = answers.findIndex((answer) => answer.status === 200);
    expect((await signIn(me.email, `password ${winner}`)).status).toBe(200);
  });

  it('does not sign in a disabled user', async () => {
    const me = await somebody();
    const token = await resetLink(me.id);
    await auth.call('PATCH', `/api/users/${me.id}`, { disabled: true }, { token: adminToken });
    expect((await redeem(token, 'yourpassword')).body.code).toBe('user_disabled');
  });

  it('is not accepted as another kind of token, and no other kind in its place', async () => {
    const me = await somebody();
    const token = await resetLink(me.id);
    expect(await status(token)).toBe(401);
    expect((await auth.call('POST', '/api/auth/refresh', { token })).status).toBe(401);
    const exp = Math.floor(Date.now() / 1000) + 60;
    const others = [
      me.token ?? '',
      sealToken(jwtSecret, 'wxt_tk_', { exp }),
      `wxt_rt_${token.slice(7)}`,
      token.slice(7),
    ];
    for (const each of others) expect((await redeem(each, 'yourpassword')).body.code).toBe('invalid_input');
    expect((await redeem(`wxt_sl_${'A'.repeat(43)}`, 'yourpassword')).body.code).toBe('bad_link');
    const kept = JSON.stringify(await servers.database.collection('links').find({}).toArray());
    expect(kept).not.toContain(token.slice(7));
  });

  it.each([[{}], [{ password: '12345' }], [{ password: 'yourpassword', more: 1 }]])('refuses %j', async (part) => {
    const me = await somebody();
    const token = await resetLink(me.id);
    const answer = await auth.call('POST', '/api/auth/setup', { token, ...part });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_input']);
    expect((await redeem(token, 'yourpassword')).status).toBe(200);
  });
});
