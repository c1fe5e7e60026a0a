import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { admin, rootKey } from '../testing/auth-under-test.ts';
import { challengeOf, setUpApp } from '../testing/second-factor-of.ts';
import { auth, servers, useAuth } from '../testing/use-auth.ts';

useAuth(1);

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const operator = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const env = { MONGO_URL: servers.mongoUrl('auth'), ROOT_KEY: rootKey.toString('base64url') };
    const child = execFile(process.execPath, [main, ...args], { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
const person = { username: 'Locked Out', email: 'locked.out@example.com', password: 'forgotten' };
const within = { timeout: 15_000, interval: 200 };
const status = async (token: string | undefined, path = '/api/profile'): Promise<number> =>
  (await auth.call('GET', path, undefined, { token })).status;

describe('the operator commands', () => {
  it('list users, reset a password, promote, and end sign-ins, with effect on the running service', async () => {
    const { token } = (await auth.call('POST', '/api/signup', person)).body;
    const all = await operator('users');
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(all.stdout).toContain(admin.email);
    expect((await operator('users', 'locked')).stdout).toMatch(/^[0-9a-f]{24} {2}user {2}locked\.out@example\.com/);

    const reset = await operator('reset-password', person.email.toUpperCase());
    const password = /is now: (\S{20})\n/.exec(reset.stdout)?.[1] ?? '';
    await vi.waitFor(async () => expect(await status(token)).toBe(401), within);
    expect((await auth.call('POST', '/api/login', person)).status).toBe(400);
    const { email } = person;
    expect((await auth.call('POST', '/api/login', { email, password: person.password })).status).toBe(401);
    const signedIn = await auth.call('POST', '/api/login', { email, password });
    expect(signedIn.status).toBe(200);

    expect(await status(signedIn.body.token, '/api/users')).toBe(403);
    expect((await operator('promote', email)).code).toBe(0);
    await vi.waitFor(async () => expect(await status(signedIn.body.token, '/api/users')).toBe(200), within);

    expect((await operator('end-sign-ins', email)).stdout).toContain('1 sign-ins');
    await vi.waitFor(async () => expect(await status(signedIn.body.token)).toBe(401), within);
  });

  it('remove a second factor, and end the sign-ins of the user', async () => {
    const owner = { username: 'Owner Of An App', email: 'app@example.com', password: 'yourpassword' };
    const { email, password } = owner;
    const { token } = (await auth.call('POST', '/api/signup', owner)).body;
    await setUpApp(auth, { token, password });
    challengeOf(await auth.call('POST', '/api/login', { email, password }));
    expect((await operator('reset-second-factor', email)).code).toBe(0);
    await vi.waitFor(async () => expect(await status(token)).toBe(401), within);
    expect((await auth.call('POST', '/api/login', { email, password })).status).toBe(200);
  });

  it('are audited with the action, the target and the Unix user', async () => {
    const rows = servers.database.collection('audit_events');
    await vi.waitFor(async () => expect(await rows.countDocuments({ action: 'operator_command' })).toBe(6), within);
    const reported = await rows.find({ action: 'operator_command' }).sort({ at: 1 }).toArray();
    expect(reported.map(({ details }) => JSON.parse(details).command)).toEqual([
      'users',
      'users',
      'reset-password',
      'promote',
      'end-sign-ins',
      'reset-second-factor',
    ]);
    for (const { actor, result } of reported)
      expect({ ...actor, result }).toMatchObject({ kind: 'operator', username: userInfo().username, result: 'ok' });
    expect(reported[2]?.target).toMatchObject({ type: 'user', name: person.username });
    expect(await rows.findOne({ action: 'role_changed' })).toMatchObject({ actor: { kind: 'operator' } });
  });

  it('print their usage, and report an unknown address', async () => {
    expect(await operator()).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage:') });
    expect(await operator('promote')).toMatchObject({ code: 2 });
    expect(await operator('promote', 'nobody@example.com')).toMatchObject({
      code: 1,
      stderr: 'There is no user with the e-mail address nobody@example.com.\n',
    });
  });
});
