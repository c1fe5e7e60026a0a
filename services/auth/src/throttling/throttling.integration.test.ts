import { describe, expect, it } from 'vitest';
import { bcryptCost } from '../passwords/stored-password.ts';
import { type Answer, type AuthUnderTest, publicUrl, startAuthInstance } from '../testing/auth-under-test.ts';
import { auth, servers, useAuth } from '../testing/use-auth.ts';

useAuth(1);

let count = 0;
const somebody = async (clientIp: string) => {
  count += 1;
  const person = { username: `owner ${count}`, email: `owner${count}@example.com`, password: 'yourpassword' };
  const { token } = (await auth.call('POST', '/api/signup', person, { clientIp })).body;
  return { ...person, token };
};
const signIn = (email: string, password: string, clientIp: string, cookie?: string, instance = auth): Promise<Answer> =>
  instance.call('POST', '/api/login', { email, password }, { clientIp, ...(cookie ? { headers: { cookie } } : {}) });
const unknownIp = (index: number): string => `198.${18 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

/** Extends every current block, so that the test can check it. */
const keepWaiting = async (): Promise<void> => {
  await servers.database
    .collection('throttles')
    .updateMany({ failures: { $gte: 10 } }, { $set: { blocked_until: new Date(Date.now() + 60_000) } });
};

describe('password guessing', () => {
  it('from a thousand addresses costs a dozen checks, and the owner still signs in at once', async () => {
    // With the real cost, which the throttle protects. At the cost of the other tests, the thousand are through before a wait has passed.
    const instances = await Promise.all([
      startAuthInstance(servers, {}, bcryptCost),
      startAuthInstance(servers, {}, bcryptCost),
    ]);
    const [costly, other] = instances;
    const owner = await somebody('203.0.113.9');
    const ownerSignsIn = async (): Promise<number> => {
      const before = performance.now();
      expect((await signIn(owner.email, owner.password, '203.0.113.77', undefined, costly)).status).toBe(200);
      return performance.now() - before;
    };
    const quiet = await ownerSignsIn();
    // As many concurrent requests as a thousand people make who each wait for their response.
    const left = Array.from({ length: 1000 }, (_, index) => unknownIp(index * 256));
    const answers: Answer[] = [];
    const guess = async (instance: AuthUnderTest): Promise<void> => {
      for (let from = left.pop(); from !== undefined; from = left.pop())
        answers.push(await signIn(owner.email, `guess from ${from}`, from, undefined, instance));
    };
    const guesses = Promise.all(Array.from({ length: 50 }, (_, index) => guess(index % 2 === 0 ? costly : other)));
    const took = [await ownerSignsIn(), await ownerSignsIn(), await ownerSignsIn()];
    await guesses;
    const statuses = answers.map((answer) => answer.status);
    // Ten free ones, and one after each wait of 1, 2, 4 … s.
    const checked = statuses.filter((status) => status === 401).length;
    expect(checked).toBeGreaterThanOrEqual(10);
    expect(checked).toBeLessThanOrEqual(15);
    // A sign-in waits for those that are checked at most, and a check takes no longer than a whole sign-in. On a busy machine both take longer.
    expect(Math.min(...took)).toBeLessThan(Math.max(2000, checked * quiet));
    expect(statuses.filter((status) => status === 429)).toHaveLength(1000 - checked);
    await keepWaiting();
    const unknownClient = await signIn(owner.email, owner.password, '192.0.2.1', undefined, costly);
    expect([unknownClient.status, unknownClient.body.code]).toEqual([429, 'too_many_requests']);
    const wait = Number(unknownClient.headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    await Promise.all(instances.map((instance) => instance.stop()));
  });

  it('does not block a device that signed in before, at any address; its cookie is invalid for another account', async () => {
    const owner = await somebody('203.0.113.9');
    const bystander = await somebody('203.0.113.9');
    const bound = await auth.call(
      'POST',
      '/api/auth/session',
      {},
      { token: owner.token, headers: { origin: publicUrl, 'x-webxterm-browser': '1' } },
    );
    const cookie = bound.headers
      .getSetCookie()
      .find((each) => each.startsWith('wxt_device_'))
      ?.split(';')[0];
    for (const { email } of [owner, bystander])
      await Promise.all(Array.from({ length: 12 }, (_, index) => signIn(email, 'guess', unknownIp(index * 256))));
    await keepWaiting();
    expect((await signIn(owner.email, owner.password, '192.0.2.1')).status).toBe(429);
    expect((await signIn(owner.email, owner.password, '192.0.2.1', cookie)).status).toBe(200);
    expect((await signIn(bystander.email, bystander.password, '192.0.2.2', cookie)).status).toBe(429);
    expect((await signIn(owner.email, owner.password, '192.0.2.1')).status).toBe(200);
    // With a new password the device is unknown again.
    const body = { current_password: owner.password, new_password: 'another password' };
    const { token } = owner;
    expect((await auth.call('POST', '/api/profile/reset-password', body, { token })).status).toBe(200);
    await Promise.all(Array.from({ length: 12 }, (_, index) => signIn(owner.email, 'guess', unknownIp(index * 256))));
    await keepWaiting();
    expect((await signIn(owner.email, 'another password', '100.64.0.1', cookie)).status).toBe(429);
  });

  it('has one more bucket for each sign-in of a browser, not for each cookie', async () => {
    const { token } = await somebody('203.0.113.9');
    const bind = async () => {
      const call = { token, headers: { origin: publicUrl, 'x-webxterm-browser': '1' } };
      const answer = await auth.call('POST', '/api/auth/session', {}, call);
      return /wxt_device_test=([^.]+)\./.exec(answer.headers.getSetCookie().join(' '))?.[1];
    };
    const device = await bind();
    expect(device).toMatch(/^[\w-]{22}$/);
    expect(await bind()).toBe(device);
  });

  it('is slowed down at known addresses too, also by many at once, without an effect on other accounts there', async () => {
    const [one, two] = [await somebody('203.0.113.9'), await somebody('203.0.113.9')];
    const guesses = await Promise.all(Array.from({ length: 30 }, () => signIn(one.email, 'guess', '203.0.113.9')));
    // Ten free ones, and one after each wait of 1, 2 … s, if this machine takes that long for thirty requests.
    const checked = guesses.filter(({ status }) => status === 401).length;
    expect(checked).toBeGreaterThanOrEqual(10);
    expect(checked).toBeLessThanOrEqual(13);
    await keepWaiting();
    expect((await signIn(one.email, one.password, '203.0.113.9')).status).toBe(429);
    expect((await signIn(two.email, two.password, '203.0.113.9')).status).toBe(200);
  });

  it('by a neighbour in a known network does not block the owner', async () => {
    const owner = await somebody('203.0.113.9');
    const guesses = await Promise.all(Array.from({ length: 30 }, () => signIn(owner.email, 'guess', '203.0.113.66')));
    expect(guesses.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(13);
    await keepWaiting();
    expect((await signIn(owner.email, owner.password, '203.0.113.66')).status).toBe(429);
    expect((await signIn(owner.email, owner.password, '203.0.113.9')).status).toBe(200);
    // From another address of the network, a sign-in uses the bucket of the network, which the guesses have filled.
    expect((await signIn(owner.email, owner.password, '203.0.113.67')).status).toBe(429);
  });

  it('by a signed-in user, in many confirmations at once, is slowed down in the same way', async () => {
    const { token } = await somebody('203.0.113.9');
    const body = { current_password: 'guess', new_password: 'another password' };
    const guesses = await Promise.all(
      Array.from({ length: 30 }, () => auth.call('POST', '/api/profile/reset-password', body, { token })),
    );
    const checked = guesses.filter(({ status }) => status === 400).length;
    expect(checked).toBeGreaterThanOrEqual(10);
    expect(checked).toBeLessThanOrEqual(13);
  });

  it('counts unknown accounts alike', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 12 }, (_, index) => signIn('nobody@example.com', 'guess', unknownIp(index * 256))),
    );
    expect(statuses.filter((answer) => answer.status === 401)).toHaveLength(10);
  });

  it('starts again after a sign-in', async () => {
    const owner = await somebody('203.0.113.9');
    const guesses = (tries: number) =>
      Promise.all(Array.from({ length: tries }, () => signIn(owner.email, 'guess', '192.0.2.50')));
    await guesses(9);
    expect((await signIn(owner.email, owner.password, '192.0.2.50')).status).toBe(200);
    expect((await guesses(9)).map((answer) => answer.status)).toEqual(Array.from({ length: 9 }, () => 401));
    expect((await signIn(owner.email, owner.password, '192.0.2.50')).status).toBe(200);
  });
});

describe('signing up', () => {
  it('is slowed down after some from one address, and not for other addresses', async () => {
    const few = await startAuthInstance(servers, { SIGNUPS_PER_ADDRESS: '5' });
    const signUp = (clientIp: string) => {
      count += 1;
      const person = { username: `new ${count}`, email: `new${count}@example.com`, password: 'yourpassword' };
      return few.call('POST', '/api/signup', person, { clientIp });
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => signUp('192.0.2.140')));
    const made = answers.filter(({ status }) => status === 201).length;
    expect(made).toBeGreaterThanOrEqual(5);
    expect(made).toBeLessThanOrEqual(8);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20 - made);
    expect((await signUp('192.0.2.141')).status).toBe(201);
    await few.stop();
  });
});

describe('probing accounts by sign-up', () => {
  it('is blocked after sixty from one address, and other addresses can still sign up', async () => {
    const { email } = await somebody('203.0.113.9');
    const ask = (clientIp: string) =>
      auth.call('POST', '/api/signup', { username: 'x', email, password: 'yourpassword' }, { clientIp });
    const statuses = (await Promise.all(Array.from({ length: 61 }, () => ask('192.0.2.77')))).map(
      (each) => each.status,
    );
    expect(statuses.every((status) => status === 409 || status === 429)).toBe(true);
    expect((await ask('192.0.2.77')).status).toBe(429);
    expect((await ask('192.0.2.78')).status).toBe(409);
  });
});
