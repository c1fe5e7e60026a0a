import { jetstreamManager } from '@nats-io/jetstream';
import { authEvents } from '@webxterm/contracts/bus';
import { profile } from '@webxterm/contracts/rest';
import { createLogger } from '@webxterm/shared';
import { connectBus } from '@webxterm/shared/bus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { admin } from '../testing/auth-under-test.ts';
import { answerBelongings, type Owned } from '../testing/belongings-stand-in.ts';
import { signUp } from '../testing/sign-up.ts';
import { auth, other, servers, useAuth } from '../testing/use-auth.ts';

useAuth(2);
let adminToken = '';
let standIn: Awaited<ReturnType<typeof answerBelongings>>;
const owned = new Map<string, Owned>();

beforeAll(async () => {
  standIn = await answerBelongings(servers, owned);
  adminToken = (await auth.call('POST', '/api/login', admin)).body.token ?? '';
});

afterAll(async () => {
  await standIn.stop();
});

const somebody = () => signUp(auth, 'member');
type Somebody = Awaited<ReturnType<typeof somebody>>;
const change = (me: Somebody, body: unknown) => auth.call('PATCH', '/api/profile', body, { token: me.token });
const leave = (me: Somebody, body: unknown) => auth.call('DELETE', '/api/profile', body, { token: me.token });
const remove = (id: string, query = '') =>
  auth.call('DELETE', `/api/users/${id}${query}`, undefined, { token: adminToken });
const status = async (token: string | undefined): Promise<number> =>
  (await other.call('GET', '/api/profile', undefined, { token })).status;
const within = { timeout: 5000, interval: 50 };

/** The events about a user's deletion that the outbox published. */
const reported = async (userId: string) => {
  const bus = await connectBus({
    urls: [servers.natsUrl],
    user: 'init',
    password: servers.natsPassword('init'),
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  const manager = await jetstreamManager(bus);
  const last = await manager.streams.getMessage('EVENTS', { last_by_subj: 'auth.user.changed' });
  await bus.close();
  const body = authEvents['auth.user.changed'].parse(last?.json<{ body: unknown }>().body);
  return body.user_id === userId ? body : undefined;
};

describe('the own name and address', () => {
  it('can be changed; every service gets the new name', async () => {
    const me = await somebody();
    const answer = await change(me, { username: 'Another Name' });
    expect(answer.status).toBe(200);
    expect(profile.success.schema.parse(answer.body).user).toMatchObject({ username: 'Another Name', email: me.email });
    const shown = await other.call('GET', '/api/profile', undefined, { token: me.token });
    expect(shown.body.user?.username).toBe('Another Name');
    expect((await change(me, { username: 'another name' })).status).toBe(200);
  });

  it('an address can be changed with the current password only, because it is a credential', async () => {
    const me = await somebody();
    const email = 'a.new.address@example.com';
    for (const current_password of [undefined, 'guessed']) {
      const refused = await change(me, { email, current_password });
      expect([refused.status, refused.body.code]).toEqual([400, 'invalid_input']);
      expect(refused.body.details).toMatchObject([{ path: 'current_password' }]);
    }
    expect((await change(me, { email, current_password: me.password })).status).toBe(200);
    expect((await auth.call('POST', '/api/login', { email: me.email, password: me.password })).status).toBe(401);
    expect((await auth.call('POST', '/api/login', { email, password: me.password })).status).toBe(200);
    // The unchanged address needs no password.
    expect((await change(me, { email })).status).toBe(200);
  });

  it('cannot be those of another user', async () => {
    const [me, you] = [await somebody(), await somebody()];
    expect((await change(me, { username: you.username.toUpperCase() })).body.code).toBe('username_taken');
    const email = you.email.toUpperCase();
    expect((await change(me, { email, current_password: me.password })).body.code).toBe('email_taken');
    for (const body of [{}, { role: 'admin' }, { username: '' }, { email: 'x' }, { current_password: 'x' }])
      expect((await change(me, body)).body.code).toBe('invalid_input');
  });
});

describe('deletion of the own account', () => {
  it('requires the current password, and deletes everything', async () => {
    const me = await somebody();
    const wrong = await leave(me, { current_password: 'guessed' });
    expect([wrong.status, wrong.body.details]).toMatchObject([400, [{ path: 'current_password' }]]);
    expect((await leave(me, {})).status).toBe(400);
    expect((await leave(me, { current_password: me.password })).status).toBe(204);
    await vi.waitFor(async () => expect(await status(me.token)).toBe(401), within);
    expect((await auth.call('POST', '/api/login', me)).status).toBe(400);
    expect((await auth.call('POST', '/api/login', { email: me.email, password: me.password })).status).toBe(401);
    expect(await reported(me.id)).toMatchObject({ deleted: true, machines_to: null });
  });

  it('shows what it deletes beforehand, and removes machines only on request', async () => {
    const me = await somebody();
    owned.set(me.id, { machines: ['build-1', 'web-1'], sessions: 3 });
    const shown = await auth.call('GET', '/api/profile/belongings', undefined, { token: me.token });
    expect(shown.body).toEqual({ machines: 2, machine_names: ['build-1', 'web-1'], sessions: 3, last_admin: false });
    const silent = await leave(me, { current_password: me.password });
    expect([silent.status, silent.body.code]).toEqual([409, 'machines_left']);
    expect(silent.body.error).toContain('build-1, web-1');
    expect(await status(me.token)).toBe(200);
    expect((await leave(me, { current_password: me.password, machines: 'remove' })).status).toBe(204);
  });

  it('is refused to the last administrator', async () => {
    const shown = await auth.call('GET', '/api/profile/belongings', undefined, { token: adminToken });
    expect(shown.body).toMatchObject({ last_admin: true });
    const answer = await auth.call(
      'DELETE',
      '/api/profile',
      { current_password: admin.password },
      { token: adminToken },
    );
    expect([answer.status, answer.body.code]).toEqual([409, 'conflict']);
    expect(await status(adminToken)).toBe(200);
  });
});

describe('a user whom an administrator deletes', () => {
  it('needs a new owner or the removal of the machines, or is not deleted', async () => {
    const [me, you] = [await somebody(), await somebody()];
    owned.set(me.id, { machines: ['db-1'], sessions: 0 });
    const shown = await auth.call('GET', `/api/users/${me.id}/belongings`, undefined, { token: adminToken });
    expect(shown.body).toMatchObject({ machines: 1, machine_names: ['db-1'], last_admin: false });
    expect((await remove(me.id)).body.code).toBe('machines_left');
    expect((await remove(me.id, `?machines_to=${you.id}`)).status).toBe(204);
    expect(await reported(me.id)).toMatchObject({ deleted: true, machines_to: you.id });
    expect((await remove(you.id, '?machines=remove')).status).toBe(204);
    expect(await reported(you.id)).toMatchObject({ deleted: true, machines_to: null });
  });

  it('cannot give them to a missing user, to themselves or to a disabled user', async () => {
    const [me, you] = [await somebody(), await somebody()];
    await auth.call('PATCH', `/api/users/${you.id}`, { disabled: true }, { token: adminToken });
    for (const to of ['f'.repeat(24), me.id, you.id]) {
      const answer = await remove(me.id, `?machines_to=${to}`);
      expect([answer.status, answer.body.details]).toMatchObject([400, [{ path: 'machines_to' }]]);
    }
    for (const query of ['?machines=keep', '?machines_to=x', `?machines=remove&machines_to=${'f'.repeat(24)}`])
      expect((await remove(me.id, query)).body.code).toBe('invalid_input');
    expect(await status(me.token)).toBe(200);
  });

  it('and the new owner are never both deleted, which would leave machines without an owner', async () => {
    const pairs = await Promise.all(Array.from({ length: 8 }, async () => [await somebody(), await somebody()]));
    for (const [me, heir] of pairs) {
      if (me === undefined || heir === undefined) throw new Error('a pair of two');
      const [first, second] = await Promise.all([
        remove(me.id, `?machines_to=${heir.id}`),
        other.call('DELETE', `/api/users/${heir.id}?machines=remove`, undefined, { token: adminToken }),
      ]);
      // Either the new owner had the machines first and was deleted with them, or was already deleted and could not get them.
      expect([204, 400]).toContain(first.status);
      expect(second.status).toBe(204);
    }
  });

  it('is not deleted if the machines of the user cannot be determined', async () => {
    const me = await somebody();
    await standIn.stop();
    expect((await remove(me.id)).status).toBe(503);
    expect((await auth.call('GET', '/api/profile/belongings', undefined, { token: me.token })).status).toBe(503);
    expect(await status(me.token)).toBe(200);
    standIn = await answerBelongings(servers, owned);
    expect((await remove(me.id)).status).toBe(204);
  });
});
