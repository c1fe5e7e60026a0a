import { describe, expect, it } from 'vitest';
import { Rest } from '../support/rest.ts';
import type { Person, World } from './world.ts';

/** So many loops sign in at once. */
const loops = 3;
/** The change comes at another moment of their sign-ins each time. */
const rounds = 2;
/** So many sign-ins are answered before it. */
const answeredBefore = 2;

/** The tokens of all sign-ins that were answered before and while `change` was made, or began before it was answered. */
const tokensAround = async (url: string, person: Person, change: () => Promise<void>): Promise<string[]> => {
  const tokens = [person.token];
  const { email, password } = person;
  const underWay = Promise.withResolvers<void>();
  let changed = false;
  const signInAgainAndAgain = async (): Promise<void> => {
    while (!changed) {
      const { status, body } = await new Rest(url).post<{ token: string }>('/api/login', { email, password });
      if (status === 401 || status === 403) return;
      // Otherwise it is 503: too much to do on this machine for a moment.
      if (status === 200) tokens.push(body.token);
      if (tokens.length > answeredBefore) underWay.resolve();
    }
  };
  const running = Promise.all(Array.from({ length: loops }, signInAgainAndAgain));
  await underWay.promise;
  await change();
  changed = true;
  await running;
  return tokens;
};

/** Against sign-ins that read an account, check its password for a while, and then begin. */
export const raceSignIns = (world: () => World): void => {
  const chief = (): Rest => world().cast.admin.rest;
  const patch = async ({ id }: Person, change: object): Promise<void> => {
    expect((await chief().send('PATCH', `/api/users/${id}`, change)).status).toBe(200);
  };
  const remove = async ({ id }: Person): Promise<void> => {
    expect((await chief().send('DELETE', `/api/users/${id}?machines=remove`)).status).toBe(204);
  };
  const changePassword = async ({ password, rest }: Person): Promise<void> => {
    const body = { current_password: password, new_password: `${password} and more` };
    expect((await rest.post('/api/profile/reset-password', body)).status).toBe(200);
  };
  const statusesOf = (tokens: readonly string[], path: string): Promise<number[]> =>
    Promise.all(tokens.map(async (token) => (await new Rest(world().stack.url, token).get(path)).status));

  describe('an account that signs in without end, three times at once', () => {
    it.each<[string, (person: Person) => Promise<void>, number]>([
      // The password is changed by the sign-in that the account began with: that one goes on.
      ['its password is changed', changePassword, 1],
      ['it is disabled', (person) => patch(person, { disabled: true }), 0],
      ['it is deleted', remove, 0],
    ])('has no sign-in left when %s', async (what, change, left) => {
      for (let round = 0; round < rounds; round += 1) {
        const person = await world().person(`racer ${what} ${round}`);
        const tokens = await tokensAround(world().stack.url, person, () => change(person));
        expect(tokens.length).toBeGreaterThan(answeredBefore);
        for (const path of ['/api/profile', '/api/machines', '/api/terminal/sessions'])
          expect(await statusesOf(tokens.slice(left), path)).toEqual(tokens.slice(left).map(() => 401));
        expect(await statusesOf(tokens.slice(0, left), '/api/profile')).toEqual(left === 0 ? [] : [200]);
      }
    });

    it.each<[string, (person: Person) => Promise<void>, number]>([
      ['made a user', (person) => patch(person, { role: 'user' }), 403],
      ['deleted', remove, 401],
    ])('is no administrator on any of its sign-ins once it is %s', async (what, change, status) => {
      for (let round = 0; round < rounds; round += 1) {
        const person = await world().person(`chief ${what} ${round}`);
        await patch(person, { role: 'admin' });
        const tokens = await tokensAround(world().stack.url, person, () => change(person));
        expect(await statusesOf(tokens, '/api/users')).toEqual(tokens.map(() => status));
        const planted = { username: `planted, ${what} ${round}`, email: `planted.${what.length}.${round}@example.com` };
        const made = await Promise.all(
          tokens.map((token) => new Rest(world().stack.url, token).post('/api/users', { ...planted, role: 'admin' })),
        );
        expect(made.map((answer) => answer.status)).toEqual(tokens.map(() => status));
      }
    });
  });
};
