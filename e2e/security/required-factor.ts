import { closeCode } from '@webxterm/contracts/frames';
import { allRoutes } from '@webxterm/contracts/rest';
import { Secret, TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { RawTerminal, type Refusal } from '../support/raw-terminal.ts';
import type { World } from './world.ts';

/** The routes that set up a second factor, show the own account and sign out. */
const mayBeCalled = [
  'addPasskey',
  'beginPasskey',
  'beginTotp',
  'browserSession',
  'confirmTotp',
  'dismissFactorReset',
  'listIdentities',
  'logout',
  'profile',
  'secondFactors',
];

/** Every route, for a user and a token of a user who must set up a second factor. */
export const requireFactors = (world: () => World): void => {
  describe('a user who must set up a second factor', () => {
    it('may do that and nothing else, and neither may their tokens, until it is set up; terminals are detached within a second', async () => {
      const { agentId, cast, person, stack } = world();
      const chief = await person('requires factors');
      expect((await cast.admin.rest.send('PATCH', `/api/users/${chief.id}`, { role: 'admin' })).status).toBe(200);
      const began = await chief.rest.post<{ secret: string }>('/api/profile/second-factor/totp', {
        current_password: chief.password,
      });
      const code = new TOTP({ secret: Secret.fromBase32(began.body.secret) }).generate();
      expect((await chief.rest.post('/api/profile/second-factor/totp/confirm', { code })).status).toBe(200);
      const token = await cast.admin.rest.post<{ token: string; access_token: { id: string } }>('/api/profile/tokens', {
        name: 'of a user without a factor',
        scopes: ['see', 'account:read'],
      });
      const policy = (required: string) =>
        chief.rest.send('PATCH', '/api/second-factor-policy', { required, grace_days: 0 });
      const setRole = async (role: 'user' | 'admin'): Promise<void> => {
        expect((await chief.rest.send('PATCH', `/api/users/${cast.adminControl.id}`, { role })).status).toBe(200);
      };
      await setRole('admin');
      const terminal = await RawTerminal.open(stack.url, agentId, { token: cast.adminControl.token });
      const detached = terminal.closed.then(({ code }) => ({ code, at: performance.now() }));
      const decidedAt = performance.now();
      expect((await policy('admins')).status).toBe(200);
      try {
        const { code, at } = await detached;
        expect([code, at - decidedAt]).toEqual([closeCode.forbidden, expect.any(Number)]);
        expect(at - decidedAt).toBeLessThan(1000);
        const status = async (path: string, bearer: string): Promise<unknown> => {
          const response = await fetch(`${stack.url}${path}`, { headers: { authorization: `Bearer ${bearer}` } });
          return response.status === 403 ? Reflect.get(Object(await response.json()), 'code') : response.status;
        };
        const required = 'second_factor_enrolment_required';
        await expect.poll(() => status('/api/machines', cast.admin.token), { timeout: 1000 }).toBe(required);
        const open: string[] = [];
        for (const route of allRoutes.filter(({ access }) => access !== 'public')) {
          // It is refused before its parameters and its body are read.
          const path = route.path.replaceAll(/:\w+/g, 'x');
          const answer = route.beforeEnrolment
            ? undefined
            : await cast.admin.rest.send(route.method.toUpperCase(), path, route.body === undefined ? undefined : {});
          if (answer?.body.code !== required) open.push(route.id);
        }
        expect(open.sort()).toEqual(mayBeCalled);
        const upgrade = await RawTerminal.open(stack.url, agentId, { token: cast.admin.token }).catch(
          (refusal: Refusal) => refusal.status,
        );
        expect(upgrade).toBe(403);
        expect(await status('/api/profile', token.body.token)).toBe(required);
        expect(await status('/api/machines', cast.owner.token)).toBe(200);
      } finally {
        expect((await policy('off')).status).toBe(200);
        await setRole('user');
      }
      // The shell has continued.
      const ended = await cast.adminControl.rest.send('DELETE', `/api/terminal/sessions/${terminal.sessionId}`);
      expect(ended.status).toBe(204);
      await expect.poll(async () => (await cast.admin.rest.get('/api/machines')).status, { timeout: 2000 }).toBe(200);
      expect((await cast.admin.rest.send('DELETE', `/api/profile/tokens/${token.body.access_token.id}`)).status).toBe(
        204,
      );
      expect((await cast.admin.rest.send('PATCH', `/api/users/${chief.id}`, { role: 'user' })).status).toBe(200);
    });
  });
};
