// A request checks a condition, waits (for bcrypt, a decoder, another transaction) and then acts. Each test holds the wait until the
// checked condition has changed.
import { jetstreamManager } from '@nats-io/jetstream';
import { signinKey } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import { Auditor } from '@webxterm/shared/audit';
import { connectBus } from '@webxterm/shared/bus';
import { Types } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deletion } from './accounts/deletion.ts';
import { UserStore } from './accounts/user-store.ts';
import { ListBucket } from './allow-list/list-bucket.ts';
import { ListKeeper } from './allow-list/list-keeper.ts';
import { ApiKeys } from './api-keys/api-keys.ts';
import { Redraw } from './avatars/redraw.ts';
import { Passwords } from './passwords/passwords.ts';
import { SetupLinks } from './setup-links/setup-links.ts';
import { SigninStore } from './signins/signin-store.ts';
import { Signins } from './signins/signins.ts';
import {
  type Answer,
  type AuthUnderTest,
  admin,
  publicUrl,
  startAuthInstance,
  startTestServers,
} from './testing/auth-under-test.ts';
import { claimsOf } from './testing/forged-tokens.ts';
import { type HeldBack, holdBack } from './testing/hold-back.ts';
import { NewAccounts } from './users/new-accounts.ts';
import { UserAdmin } from './users/user-admin.ts';

let servers: Awaited<ReturnType<typeof startTestServers>>;
let auth: AuthUnderTest;
/** The instance through which the test changes the checked condition. */
let other: AuthUnderTest;
let chief: string | undefined;

beforeAll(async () => {
  servers = await startTestServers();
  [auth, other] = await Promise.all([startAuthInstance(servers), startAuthInstance(servers)]);
  chief = (await other.call('POST', '/api/login', admin)).body.token;
});

afterAll(async () => {
  await Promise.all([auth.stop(), other.stop()]);
  await servers.stop();
});

interface Person {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
}

let count = 0;
const somebody = async (role: 'user' | 'admin' = 'user'): Promise<Person> => {
  count += 1;
  const person = { username: `person ${count}`, email: `person${count}@example.com`, password: 'yourpassword' };
  const { body } = await other.call('POST', '/api/signup', person);
  const id = String(body.user?.id);
  if (role === 'admin') await patch(id, { role });
  return { ...person, id, token: body.token ?? '' };
};
const patch = async (id: string, change: object): Promise<void> => {
  expect((await other.call('PATCH', `/api/users/${id}`, change, { token: chief })).status).toBe(200);
};
const remove = async ({ id }: Person): Promise<void> => {
  const path = `/api/users/${id}?machines=remove`;
  expect((await other.call('DELETE', path, undefined, { token: chief })).status).toBe(204);
};
const changePassword = async ({ password, token }: Person, wanted = 'another password'): Promise<void> => {
  const body = { current_password: password, new_password: wanted };
  expect((await other.call('POST', '/api/profile/reset-password', body, { token })).status).toBe(200);
};
const signIn = ({ email, password }: Pick<Person, 'email' | 'password'>, instance = auth): Promise<Answer> =>
  instance.call('POST', '/api/login', { email, password });
const endSignin = async (token: string): Promise<void> => {
  expect((await other.call('POST', '/api/auth/logout', undefined, { token })).status).toBe(204);
};
const resetLink = async ({ id }: Person): Promise<string> => {
  const { body } = await other.call('POST', `/api/users/${id}/reset-link`, undefined, { token: chief });
  return new URL(String(body.url)).hash.slice(1);
};
const row = (id: string) => servers.database.collection('users').findOne({ _id: new Types.ObjectId(id) });
/** The fields of the account that people can change. */
const account = async ({ id }: Person): Promise<unknown> => {
  const { guard: _counted, ...rest }: Record<string, unknown> = (await row(id)) ?? {};
  return rest;
};
const signinsOf = ({ id }: Person): Promise<number> =>
  servers.database.collection('signins').countDocuments({ user_id: new Types.ObjectId(id) });
const status = async (token: string | undefined, path = '/api/profile', instance = auth): Promise<number> =>
  (await instance.call('GET', path, undefined, { token })).status;
/** The statuses of this token on both instances. */
const everywhere = async (token: string | undefined, path?: string): Promise<number[]> =>
  Promise.all([status(token, path), status(token, path, other)]);

/** The response to a request during which `meanwhile` runs. */
const interrupted = async (held: HeldBack, request: () => Promise<Answer>, meanwhile: () => Promise<unknown>) => {
  const answered = request();
  await held.reached;
  await meanwhile();
  held.release();
  return answered;
};
/** The same, for two requests that may wait for each other. */
const overlapped = async (
  held: HeldBack,
  next: HeldBack,
  request: () => Promise<Answer>,
  then: () => Promise<unknown>,
) => {
  const answered = request();
  await held.reached;
  const done = then();
  await next.reached;
  next.release();
  held.release();
  return Promise.all([answered, done]);
};
const afterVerify = (): HeldBack => holdBack('after', Passwords.prototype, 'verify');
const code = ({ status, body }: Answer) => [status, body.code];

describe('a sign-in whose password is being checked', () => {
  it.each<[string, (person: Person) => Promise<unknown>, unknown[], number]>([
    ['the password is changed', (person) => changePassword(person), [401, 'wrong_credentials'], 1],
    [
      'a link sets another password',
      async (person) => {
        const body = { token: await resetLink(person), password: 'another password' };
        expect((await other.call('POST', '/api/auth/setup', body)).status).toBe(200);
      },
      [401, 'wrong_credentials'],
      1,
    ],
    ['the account is disabled', ({ id }) => patch(id, { disabled: true }), [403, 'user_disabled'], 1],
    ['the account is deleted', remove, [401, 'wrong_credentials'], 0],
  ])('is not created if %s meanwhile', async (_what, change, expected, others) => {
    const person = await somebody();
    const answer = await interrupted(
      afterVerify(),
      () => signIn(person),
      () => change(person),
    );
    expect(code(answer)).toEqual(expected);
    expect(await signinsOf(person)).toBe(others);
  });

  it('has the current role of the account', async () => {
    const person = await somebody('admin');
    const answer = await interrupted(
      afterVerify(),
      () => signIn(person),
      () => patch(person.id, { role: 'user' }),
    );
    expect(answer.status).toBe(200);
    expect(await everywhere(answer.body.token, '/api/users')).toEqual([403, 403]);
  });

  it('returns the current API key of the account', async () => {
    const person = await somebody();
    let key: unknown;
    const answer = await interrupted(
      afterVerify(),
      () => signIn(person),
      async () => {
        key = (await other.call('POST', '/api/profile/regenerate-api-key', undefined, person)).body.api_key;
      },
    );
    expect(answer.body.user?.api_key).toBe(key);
  });

  it('is answered when another one upgrades the hash of the same password meanwhile', async () => {
    const person = await somebody();
    const { default: bcrypt } = await import('bcrypt');
    const plain = await bcrypt.hash(person.password, 4);
    await servers.database
      .collection('users')
      .updateOne({ _id: new Types.ObjectId(person.id) }, { $set: { password_hash: plain } });
    const answer = await interrupted(
      afterVerify(),
      () => signIn(person),
      () => signIn(person, other),
    );
    expect(answer.status).toBe(200);
    expect((await row(person.id))?.password_hash).toMatch(/^v1\$/);
  });

  it('of a repeated sign-up follows the same rules', async () => {
    for (const change of [
      (person: Person) => changePassword(person),
      (person: Person) => patch(person.id, { disabled: true }),
      remove,
    ]) {
      const person = await somebody();
      const until = new Date(Date.now() + 60_000);
      await servers.database
        .collection('users')
        .updateOne({ _id: new Types.ObjectId(person.id) }, { $set: { signup_open_until: until } });
      const { username, email, password } = person;
      const again = (): Promise<Answer> => auth.call('POST', '/api/signup', { username, email, password });
      const answer = await interrupted(afterVerify(), again, () => change(person));
      expect(code(answer)).toEqual([409, 'email_taken']);
    }
  });
});

describe('a sign-in whose transaction is in progress', () => {
  const confirmed = (): HeldBack => holdBack('after', UserStore.prototype, 'confirmVerified');

  it.each<[string, () => HeldBack, (person: Person) => Promise<unknown>]>([
    [
      'the password is changed',
      () => holdBack('before', UserStore.prototype, 'changePassword'),
      (person) => changePassword(person),
    ],
    [
      'the account is disabled',
      () => holdBack('before', UserStore.prototype, 'change'),
      ({ id }) => patch(id, { disabled: true }),
    ],
    ['the account is deleted', () => holdBack('before', UserStore.prototype, 'delete'), remove],
    [
      'all other sign-ins are ended',
      () => holdBack('before', UserStore.prototype, 'guard'),
      async ({ token }) => {
        expect((await other.call('DELETE', '/api/auth/sessions', undefined, { token })).status).toBe(200);
      },
    ],
  ])('is ended if %s meanwhile', async (_what, next, change) => {
    const person = await somebody();
    const [answer] = await overlapped(
      confirmed(),
      next(),
      () => signIn(person),
      () => change(person),
    );
    expect(await everywhere(answer.body.token)).toEqual([401, 401]);
  });

  it('follows when the account loses its role meanwhile', async () => {
    const person = await somebody('admin');
    const next = holdBack('before', UserStore.prototype, 'otherAdmins');
    const [answer] = await overlapped(
      confirmed(),
      next,
      () => signIn(person),
      () => patch(person.id, { role: 'user' }),
    );
    expect(answer.status).toBe(200);
    expect(await everywhere(answer.body.token, '/api/users')).toEqual([403, 403]);
  });
});

describe('the entry of a new sign-in', () => {
  const entryWrite = (): HeldBack =>
    holdBack('before', ListBucket.prototype, 'write', (key, value) => key.startsWith(signinKey('')) && value !== null);

  it.each<[string, (person: Person) => Promise<unknown>]>([
    ['the password was changed', (person) => changePassword(person)],
    ['the account was deleted', remove],
  ])('that is written after %s restores no sign-in', async (_what, change) => {
    const person = await somebody();
    const answer = await interrupted(
      entryWrite(),
      () => signIn(person),
      () => change(person),
    );
    expect(await everywhere(answer.body.token)).toEqual([401, 401]);
  });

  it('that is written after the role was removed does not restore the role', async () => {
    const person = await somebody('admin');
    const answer = await interrupted(
      entryWrite(),
      () => signIn(person),
      () => patch(person.id, { role: 'user' }),
    );
    expect(await everywhere(answer.body.token, '/api/users')).toEqual([403, 403]);
  });

  it('that arrives after the marker of its end was deleted restores no sign-in', async () => {
    const init = await connectBus({
      urls: [servers.natsUrl],
      user: 'init',
      password: servers.natsPassword('init'),
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    const person = await somebody();
    const isNew = (sidHash: string): boolean => sidHash !== hashSid(String(claimsOf(person.token).sid));
    const held = holdBack('before', ListKeeper.prototype, 'sync', isNew);
    const answer = await interrupted(
      held,
      () => signIn(person),
      async () => {
        await changePassword(person);
        const { streams } = await jetstreamManager(init);
        expect(await signinsOf(person)).toBe(1);
        // The same state as an hour later, or after NATS lost the marker.
        await streams.purge('KV_signins', { filter: `$KV.signins.${signinKey('*')}` });
      },
    );
    await init.close();
    expect(await everywhere(answer.body.token)).toEqual([401, 401]);
    // The entries that were purged with it are restored.
    await expect.poll(() => everywhere(chief), { timeout: 15_000 }).toEqual([200, 200]);
  });
});

describe('a link that is being redeemed', () => {
  const afterHash = (): HeldBack => holdBack('after', Passwords.prototype, 'hash');
  const stillOld = async (person: Person): Promise<void> => {
    expect((await signIn({ ...person, password: 'by the link' })).status).toBe(401);
    expect((await signIn(person)).status).toBe(200);
  };

  it('is refused if another one replaces it meanwhile', async () => {
    const person = await somebody();
    const token = await resetLink(person);
    const redeem = () => auth.call('POST', '/api/auth/setup', { token, password: 'by the link' });
    expect(code(await interrupted(afterHash(), redeem, () => resetLink(person)))).toEqual([401, 'bad_link']);
    await stillOld(person);
  });

  it('is refused if the account is disabled meanwhile, and stays usable afterwards', async () => {
    const person = await somebody();
    const token = await resetLink(person);
    const redeem = () => auth.call('POST', '/api/auth/setup', { token, password: 'by the link' });
    const answer = await interrupted(afterHash(), redeem, () => patch(person.id, { disabled: true }));
    expect(code(answer)).toEqual([403, 'user_disabled']);
    await patch(person.id, { disabled: false });
    await stillOld(person);
    expect((await redeem()).status).toBe(200);
  });

  it('is refused if the password is changed, or the account is deleted meanwhile', async () => {
    for (const change of [(person: Person) => changePassword(person), remove]) {
      const person = await somebody();
      const token = await resetLink(person);
      const redeem = () => auth.call('POST', '/api/auth/setup', { token, password: 'by the link' });
      expect(code(await interrupted(afterHash(), redeem, () => change(person)))).toEqual([401, 'bad_link']);
    }
  });

  it('begins a sign-in with the current role of the account', async () => {
    const person = await somebody('admin');
    const token = await resetLink(person);
    const redeem = () => auth.call('POST', '/api/auth/setup', { token, password: 'by the link' });
    const answer = await interrupted(afterHash(), redeem, () => patch(person.id, { role: 'user' }));
    expect(await everywhere(answer.body.token, '/api/users')).toEqual([403, 403]);
  });
});

describe('a change of the own account that waits', () => {
  const picture = `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==`;
  const current_password = 'yourpassword';
  const changes: [string, () => HeldBack, string, string, object | undefined][] = [
    [
      'of the password',
      afterVerify,
      'POST',
      '/api/profile/reset-password',
      { current_password, new_password: 'by the thief' },
    ],
    ['of the e-mail address', afterVerify, 'PATCH', '/api/profile', { current_password, email: 'thief@example.com' }],
    [
      'of the name',
      () => holdBack('after', UserStore.prototype, 'byId'),
      'PATCH',
      '/api/profile',
      { username: 'thief' },
    ],
    [
      'of the picture',
      () => holdBack('after', Redraw.prototype, 'png'),
      'POST',
      '/api/profile/upload-avatar',
      { avatar_url: picture },
    ],
    [
      'of the API key',
      () => holdBack('before', ApiKeys.prototype, 'regenerate'),
      'POST',
      '/api/profile/regenerate-api-key',
      undefined,
    ],
    ['that deletes it', afterVerify, 'DELETE', '/api/profile', { current_password, machines: 'remove' }],
  ];

  it.each(changes)('%s is refused if its sign-in ends meanwhile', async (_what, hold, method, path, body) => {
    const person = await somebody();
    const thief = (await signIn(person)).body.token;
    const before = await account(person);
    const answer = await interrupted(
      hold(),
      () => auth.call(method, path, body, { token: thief }),
      async () => {
        expect((await other.call('DELETE', '/api/auth/sessions', undefined, person)).body.ended).toBe(1);
      },
    );
    expect(code(answer)).toEqual([401, 'unauthenticated']);
    expect(await account(person)).toEqual(before);
  });

  it.each(changes.slice(0, 2).concat(changes.slice(-1)))(
    '%s is refused if the password is changed meanwhile',
    async (_what, hold, method, path, body) => {
      const person = await somebody();
      const request = () => auth.call(method, path, body, { token: person.token });
      expect(code(await interrupted(hold(), request, () => changePassword(person)))).toEqual([409, 'conflict']);
      expect((await signIn({ ...person, password: 'another password' })).status).toBe(200);
    },
  );

  it('of the name does not affect an e-mail address that is changed meanwhile', async () => {
    const person = await somebody();
    const { token } = person;
    const email = `new${count}@example.com`;
    const held = holdBack('after', UserStore.prototype, 'byId');
    const rename = () => auth.call('PATCH', '/api/profile', { username: `renamed ${count}` }, { token });
    const answer = await interrupted(held, rename, async () => {
      expect((await other.call('PATCH', '/api/profile', { email, current_password }, { token })).status).toBe(200);
    });
    expect(answer.body.user).toMatchObject({ username: `renamed ${count}`, email });
  });

  it('to the previous address without a password does not undo a change that was made meanwhile', async () => {
    const person = await somebody();
    const { token } = person;
    const email = `newer${count}@example.com`;
    const held = holdBack('after', UserStore.prototype, 'byId');
    const same = () => auth.call('PATCH', '/api/profile', { email: person.email }, { token });
    const answer = await interrupted(held, same, async () => {
      expect((await other.call('PATCH', '/api/profile', { email, current_password }, { token })).status).toBe(200);
    });
    expect(code(answer)).toEqual([409, 'conflict']);
    expect((await row(person.id))?.email).toBe(email);
  });
});

describe('a request of an administrator', () => {
  const acts: [string, () => HeldBack, (victim: Person) => [string, string, object?]][] = [
    [
      'a role',
      () => holdBack('before', UserAdmin.prototype, 'update'),
      ({ id }) => ['PATCH', `/api/users/${id}`, { role: 'admin' }],
    ],
    [
      'a new administrator',
      () => holdBack('before', NewAccounts.prototype, 'make'),
      () => ['POST', '/api/users', { username: 'planted', email: 'planted@example.com', role: 'admin' }],
    ],
    [
      'a reset link',
      () => holdBack('before', SetupLinks.prototype, 'makeReset'),
      ({ id }) => ['POST', `/api/users/${id}/reset-link`],
    ],
    [
      'a deletion',
      () => holdBack('before', Deletion.prototype, 'delete'),
      ({ id }) => ['DELETE', `/api/users/${id}?machines=remove`],
    ],
  ];
  it.each(acts)(
    '%s is refused if the caller is no administrator any more when it is applied',
    async (_what, hold, request) => {
      for (const [change, expected] of [
        [(person: Person) => patch(person.id, { role: 'user' }), [403, 'forbidden']],
        [(person: Person) => patch(person.id, { disabled: true }), [401, 'unauthenticated']],
        [remove, [401, 'unauthenticated']],
      ] as const) {
        const [rogue, victim] = [await somebody('admin'), await somebody()];
        const [method, path, body] = request(victim);
        const asked = () => auth.call(method, path, body, { token: rogue.token });
        expect(code(await interrupted(hold(), asked, () => change(rogue)))).toEqual(expected);
        expect(await row(victim.id)).toMatchObject({ role: 'user' });
        expect(await servers.database.collection('users').countDocuments({ username: 'planted' })).toBe(0);
        expect(await servers.database.collection('links').countDocuments({ _id: new Types.ObjectId(victim.id) })).toBe(
          0,
        );
      }
    },
  );

  it('is applied before a simultaneous demotion of its caller or not at all', async () => {
    const [rogue, victim] = [await somebody('admin'), await somebody()];
    const held = holdBack('after', SigninStore.prototype, 'guard');
    const next = holdBack('before', UserStore.prototype, 'change');
    const [answer] = await overlapped(
      held,
      next,
      () => auth.call('PATCH', `/api/users/${victim.id}`, { role: 'admin' }, { token: rogue.token }),
      () => patch(rogue.id, { role: 'user' }),
    );
    expect([200, 403]).toContain(answer.status);
    expect((await row(victim.id))?.role).toBe(answer.status === 200 ? 'admin' : 'user');
    expect(await everywhere(rogue.token, '/api/users')).toEqual([403, 403]);
  });
});

describe('an API key that cannot be opened', () => {
  it('is not replaced if another new key was stored meanwhile', async () => {
    const person = await somebody();
    await servers.database
      .collection('users')
      .updateOne({ _id: new Types.ObjectId(person.id) }, { $set: { 'api_key.sealed': 'gone.AAAA' } });
    let key: unknown;
    const held = holdBack('before', ApiKeys.prototype, 'show');
    const show = () => auth.call('GET', '/api/profile', undefined, { token: person.token });
    const answer = await interrupted(held, show, async () => {
      key = (await other.call('POST', '/api/profile/regenerate-api-key', undefined, person)).body.api_key;
    });
    expect(answer.body.user?.api_key).toBe(key);
    expect((await show()).body.user?.api_key).toBe(key);
  });
});

describe('a token of a sign-in that ends while it is made', () => {
  const page = { origin: publicUrl, 'x-webxterm-browser': '1' };

  it('by a refresh is invalid', async () => {
    const person = await somebody();
    const held = holdBack('before', Auditor.prototype, 'count');
    const refresh = () => auth.call('POST', '/api/auth/refresh', { token: person.token });
    const answer = await interrupted(held, refresh, () => endSignin(person.token));
    expect(await everywhere(answer.body.token)).toEqual([401, 401]);
  });

  it('by binding a browser, or by its reload, is not returned', async () => {
    for (const when of ['before', 'after'] as const) {
      const person = await somebody();
      const bind = () => auth.call('POST', '/api/auth/session', {}, { token: person.token, headers: page });
      const bound = await bind();
      const [cookie = ''] = bound.headers.get('set-cookie')?.split(';') ?? [];
      const reload = () =>
        auth.call('POST', '/api/auth/session', { half: bound.body.half }, { headers: { ...page, cookie } });
      const second = (await signIn(person)).body.token ?? '';
      const bindSecond = () => auth.call('POST', '/api/auth/session', {}, { token: second, headers: page });
      const binding = holdBack(when, SigninStore.prototype, 'bindBrowser');
      expect(code(await interrupted(binding, bindSecond, () => endSignin(second)))).toEqual([401, 'unauthenticated']);
      const rotating = holdBack(when, SigninStore.prototype, 'rotateBrowser');
      expect(code(await interrupted(rotating, reload, () => endSignin(person.token)))).toEqual([
        401,
        'unauthenticated',
      ]);
    }
  });

  it('by a sign-in is invalid', async () => {
    const person = await somebody();
    const held = holdBack('after', Signins.prototype, 'begin');
    const answer = await interrupted(
      held,
      () => signIn(person),
      () => changePassword(person),
    );
    expect(await everywhere(answer.body.token)).toEqual([401, 401]);
  });
});
