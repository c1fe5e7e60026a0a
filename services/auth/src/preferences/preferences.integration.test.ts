import { maxTerminalSettingsBytes } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { admin } from '../testing/auth-under-test.ts';
import { signUp } from '../testing/sign-up.ts';
import { auth, servers, useAuth } from '../testing/use-auth.ts';

useAuth(1);

const path = '/api/profile/preferences';
/** An array in an array, and so on. */
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
type Somebody = Awaited<ReturnType<typeof signUp>>;
const read = async ({ token }: Somebody) => (await auth.call('GET', path, undefined, { token })).body as unknown;
const put = ({ token }: Somebody, terminal: unknown) => auth.call('PUT', path, { terminal }, { token });

describe('the settings of a user', () => {
  it('are those that the page sent last, and of nobody else', async () => {
    const [me, you] = [await signUp(auth, 'mine'), await signUp(auth, 'yours')];
    expect(await read(me)).toEqual({ terminal: null });
    const first = { fontSize: 18, importedScheme: { name: 'a.b', ansi: ['#000000'] }, later: [null, { $set: 1 }] };
    expect(await put(me, first)).toMatchObject({ status: 200, body: { terminal: first } });
    expect(await read(me)).toEqual({ terminal: first });
    await put(me, { bell: 'none' });
    expect(await read(me)).toEqual({ terminal: { bell: 'none' } });
    expect(await read(you)).toEqual({ terminal: null });
    await put(me, null);
    expect(await read(me)).toEqual({ terminal: null });
  });

  it('are refused if they are too long or too deep, or have names that no setting has', async () => {
    const me = await signUp(auth, 'bounds');
    const room = maxTerminalSettingsBytes - JSON.stringify({ a: '' }).length;
    expect((await put(me, { a: 'x'.repeat(room) })).status).toBe(200);
    for (const wrong of [
      { a: 'x'.repeat(room + 1) },
      { a: 'ä'.repeat(room / 2 + 1) },
      { $where: 1 },
      { a: nested(32) },
      { 'a.b': 1 },
      'text',
      [],
    ])
      expect(await put(me, wrong), JSON.stringify(wrong).slice(0, 20)).toMatchObject({ status: 400 });
    expect(await read(me)).toEqual({ terminal: { a: 'x'.repeat(room) } });
  });

  it('are deleted with the account, and are not stored once the sign-in has ended', async () => {
    const me = await signUp(auth, 'goes');
    await put(me, { fontSize: 9 });
    const rows = () => servers.database.collection<{ _id: unknown; terminal: string }>('preferences').find().toArray();
    const before = (await rows()).length;
    const { token } = (await auth.call('POST', '/api/login', admin)).body;
    expect((await auth.call('DELETE', `/api/users/${me.id}?machines=remove`, undefined, { token })).status).toBe(204);
    expect(await rows()).toHaveLength(before - 1);
    expect((await put(me, { fontSize: 10 })).status).toBe(401);
    expect(await rows()).toHaveLength(before - 1);
  });
});

describe('the tabs of a user', () => {
  const workspacePath = '/api/profile/workspace';
  const tab = (letter: string, group?: number) => ({
    agent_id: `ag_${'1'.repeat(26)}`,
    session_id: letter.repeat(21).concat('A'),
    ...(group !== undefined && { group }),
  });
  const store = ({ token }: Somebody, body: unknown) => auth.call('PUT', workspacePath, body, { token });
  const stored = async ({ token }: Somebody) =>
    (await auth.call('GET', workspacePath, undefined, { token })).body as { workspace: unknown };

  it('are those that a browser has stored last, beside the settings, and of nobody else', async () => {
    const [me, you] = [await signUp(auth, 'tabs'), await signUp(auth, 'other')];
    expect(await stored(me)).toEqual({ workspace: null });
    const first = { tabs: [tab('A', 0), tab('B', 0), tab('C')], active: 1 };
    expect((await store(me, first)).status).toBe(204);
    expect(await stored(me)).toMatchObject({ workspace: first });
    await put(me, { fontSize: 9 });
    const second = { tabs: [tab('B')], active: 0 };
    await store(me, second);
    await put(me, null);
    expect(await stored(me)).toEqual({
      workspace: { ...second, user_agent: expect.any(String), stored_at: expect.any(String) },
    });
    expect([await stored(you), await read(you)]).toEqual([{ workspace: null }, { terminal: null }]);
  });

  it('are refused if they are too many, or name no machine or session', async () => {
    const me = await signUp(auth, 'manytabs');
    const many = (count: number) => ({ tabs: Array.from({ length: count }, () => tab('A')), active: 0 });
    expect((await store(me, many(20))).status).toBe(204);
    for (const wrong of [
      many(21),
      { ...many(1), active: 20 },
      { tabs: [{ ...tab('A'), agent_id: 'x' }], active: 0 },
      { tabs: [{ ...tab('A'), session_id: '../x' }], active: 0 },
      { tabs: [{ ...tab('A'), title: 'x' }], active: 0 },
    ])
      expect(await store(me, wrong)).toMatchObject({ status: 400 });
    expect(await stored(me)).toMatchObject({ workspace: { tabs: many(20).tabs } });
  });
});
