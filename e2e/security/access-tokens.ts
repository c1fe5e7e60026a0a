import { setTimeout as pause } from 'node:timers/promises';
import { subprotocol, tokenProtocol } from '@webxterm/contracts/frames';
import { allRoutes } from '@webxterm/contracts/rest';
import { scopesFor, TokenScope } from '@webxterm/contracts/token-scopes';
import { makePersonalToken } from '@webxterm/shared/api';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { eventually, Rest } from '../support/rest.ts';
import { pathOf } from './route-matrix.ts';
import { allRules } from './rules/all-rules.ts';
import type { Person, World } from './world.ts';

interface MadeToken {
  readonly id: string;
  readonly token: string;
  readonly rest: Rest;
}

const makeToken = async (world: World, { rest }: Person, wanted: object): Promise<MadeToken> => {
  const { status, body } = await rest.post<{ token: string; access_token: { id: string } }>('/api/profile/tokens', {
    name: 'a program',
    ...wanted,
  });
  expect([status, body]).toEqual([201, expect.anything()]);
  world.secrets.add(body.token);
  return { id: body.access_token.id, token: body.token, rest: new Rest(world.stack.url, body.token) };
};

const revoke = async ({ rest }: Person, { id }: MadeToken): Promise<void> => {
  expect((await rest.send('DELETE', `/api/profile/tokens/${id}`)).status).toBe(204);
};

/** A terminal of a program. `closed`: the time of its close on the monotonic clock in ms, with the code. */
interface OpenTerminal {
  readonly socket: WebSocket;
  readonly sessionId: string;
  readonly closed: Promise<{ readonly at: number; readonly code: number }>;
}

/** Dials as a program does. @returns the terminal, or the status and the code of the refusal */
const dial = (
  { stack, agentId }: World,
  token: string,
  how: 'header' | 'query' | 'subprotocol' = 'header',
  query: Record<string, string> = {},
): Promise<OpenTerminal | { readonly status: number; readonly code: unknown }> => {
  const search = new URLSearchParams({ ...query, ...(how === 'query' ? { token } : {}) });
  const url = `${stack.url.replace(/^http/, 'ws')}/api/terminal/${agentId}/ws?${search}`;
  const socket = new WebSocket(url, how === 'subprotocol' ? [subprotocol.json, tokenProtocol(token)] : [], {
    headers: how === 'header' ? { authorization: `Bearer ${token}` } : {},
  });
  socket.on('error', () => {});
  const closed = new Promise<{ at: number; code: number }>((resolve) =>
    socket.once('close', (code) => resolve({ at: performance.now(), code })),
  );
  return new Promise((resolve) => {
    socket.once('upgrade', (response) => {
      // The server must not send a token back.
      expect(JSON.stringify(response.headers)).not.toContain(token);
      resolve({ socket, sessionId: String(response.headers['x-session-id']), closed });
    });
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code }));
    });
  });
};

const opened = (dialled: Awaited<ReturnType<typeof dial>>): OpenTerminal => {
  if (!('socket' in dialled)) throw new Error(`refused: ${JSON.stringify(dialled)}`);
  return dialled;
};

const codeOf = async (answer: Promise<{ status: number; body: unknown }>): Promise<unknown[]> => {
  const { status, body } = await answer;
  return [status, Reflect.get(Object(body), 'code')];
};

/** Live sessions of a person, by id. */
const liveOf = async ({ rest }: Person): Promise<string[]> =>
  (await rest.get<{ sessions: { session_id: string }[] }>('/api/terminal/sessions')).body.sessions.map(
    ({ session_id }) => session_id,
  );

/** The bound for what a revoked token has open, ms. A busy machine gets some more. */
const endsWithinMs = 2000;

/** Attacks without a token, by the thief of a token, and by a program that wants more than its token allows. */
export const attackAccessTokens = (world: () => World): void => {
  describe('a personal access token', () => {
    it('passes no route without a scope that the route accepts, and no account route with all of them', async () => {
      const { admin } = world().cast;
      const all = await makeToken(world(), admin, { scopes: TokenScope.options });
      const nothing = await makeToken(world(), admin, { scopes: ['forward'] });
      const refused = [403, 'token_not_allowed'];
      let tried = 0;
      // Every token may end itself, whatever its scopes.
      for (const route of allRoutes.filter(({ access, id }) => access !== 'public' && id !== 'revokeOwnToken')) {
        const [rule] = allRules[route.id] ?? [];
        if (rule === undefined) throw new Error(`no rule for ${route.id}`);
        // Calls that are refused change nothing, so any call of the rule will do.
        const call = await rule.call(world(), 'other');
        const ask = (rest: Rest) => codeOf(rest.send(route.method.toUpperCase(), pathOf(route, call), call.body));
        expect([route.id, ...(await ask(nothing.rest))]).toEqual([route.id, ...refused]);
        if (scopesFor(route.id).length === 0)
          expect([route.id, ...(await ask(all.rest))]).toEqual([route.id, ...refused]);
        tried += 1;
      }
      expect(tried).toBeGreaterThan(40);
    });

    it('is refused with a forged checksum, unknown, cut, in a query, or where a sign-in is renewed', async () => {
      const { owner } = world().cast;
      const { token } = await makeToken(world(), owner, { scopes: ['see', 'open'] });
      const forged = [
        `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`,
        makePersonalToken(),
        token.slice(0, -6),
      ];
      for (const each of forged) {
        expect(await codeOf(new Rest(world().stack.url, each).get('/api/machines'))).toEqual([401, 'unauthenticated']);
        expect(await dial(world(), each)).toEqual({ status: 401, code: 'unauthenticated' });
      }
      const anybody = new Rest(world().stack.url);
      expect(await codeOf(anybody.get(`/api/machines?token=${token}`))).toEqual([401, 'unauthenticated']);
      expect(await dial(world(), token, 'query')).toEqual({ status: 401, code: 'unauthenticated' });
      expect(await codeOf(anybody.post('/api/auth/refresh', { token }))).toEqual([401, 'unauthenticated']);
    });

    it('opens a terminal by its header or subprotocol, and its revocation ends what it has open', async () => {
      const { owner } = world().cast;
      const made = await makeToken(world(), owner, { scopes: ['see', 'open', 'command'] });
      const terminals = [
        opened(await dial(world(), made.token)),
        opened(await dial(world(), made.token, 'subprotocol')),
      ];
      const events = await fetch(`${world().stack.url}/api/machines/events`, {
        headers: { authorization: `Bearer ${made.token}` },
      });
      expect(events.status).toBe(200);
      const streamEnded = events.text().then(() => performance.now());
      const running = made.rest.post(`/api/machines/${world().agentId}/command`, {
        command: 'sleep 3; echo secret-output',
      });
      const ticket = await made.rest.post<{ ticket: string }>('/api/terminal/tickets', { agent_id: world().agentId });
      expect(ticket.status).toBe(201);
      await eventually('both sessions are on record', async () => {
        const live = await liveOf(owner);
        return terminals.every(({ sessionId }) => live.includes(sessionId)) || undefined;
      });

      await revoke(owner, made);
      const revokedAt = performance.now();
      for (const { closed } of terminals) expect((await closed).at - revokedAt).toBeLessThan(endsWithinMs);
      expect((await streamEnded) - revokedAt).toBeLessThan(endsWithinMs);
      expect((await running).status).toBe(401);
      expect(await codeOf(made.rest.get('/api/machines'))).toEqual([401, 'unauthenticated']);
      expect(await dial(world(), made.token)).toEqual({ status: 401, code: 'unauthenticated' });
      expect(await dial(world(), ticket.body.ticket, 'query')).toEqual({ status: 401, code: 'unauthenticated' });
      // The shells that it had opened and was attached to end, too.
      await eventually('its sessions end', async () => {
        const live = await liveOf(owner);
        return terminals.every(({ sessionId }) => !live.includes(sessionId)) || undefined;
      });
    });

    it('gets nothing more after its revocation was answered, however it races', async () => {
      const { owner } = world().cast;
      for (let round = 0; round < 3; round += 1) {
        const made = await makeToken(world(), owner, { scopes: ['see', 'open'] });
        let stop = false;
        const late: unknown[] = [];
        let revokedAt = Number.POSITIVE_INFINITY;
        const loops = Array.from({ length: 4 }, async () => {
          while (!stop) {
            const startedAt = performance.now();
            const { status } = await made.rest.get('/api/machines');
            if (status === 200 && startedAt > revokedAt + endsWithinMs) late.push(status);
          }
        });
        await pause(50 * round);
        await revoke(owner, made);
        revokedAt = performance.now();
        await pause(endsWithinMs + 500);
        stop = true;
        await Promise.all(loops);
        expect(late).toEqual([]);
        expect(await dial(world(), made.token)).toEqual({ status: 401, code: 'unauthenticated' });
      }
    });

    it('reaches only its machines, in every family of routes', async () => {
      const { owner } = world().cast;
      const { agentId, session } = world();
      const mine = opened(await dial(world(), owner.token));
      await eventually(
        'the session is on record',
        async () => (await liveOf(owner)).includes(mine.sessionId) || undefined,
      );
      const scopes = ['see', 'open', 'command', 'manage', 'machines:add'];
      const far = await makeToken(world(), owner, { scopes, tags: ['elsewhere'] });
      expect((await far.rest.machines()).map(({ agent_id }) => agent_id)).not.toContain(agentId);
      const on = `/api/machines/${agentId}`;
      const calls: [string, string, unknown?][] = [
        ['GET', on],
        ['GET', `${on}/metrics`],
        ['GET', `${on}/sessions`],
        ['POST', `${on}/command`, { command: 'true' }],
        ['PATCH', on, { description: 'changed' }],
        ['DELETE', on],
        ['POST', `${on}/registration-token`],
        ['GET', `${on}/access/users`],
        ['POST', '/api/terminal/tickets', { agent_id: agentId }],
      ];
      for (const [method, path, body] of calls)
        expect([path, ...(await codeOf(far.rest.send(method, path, body)))]).toEqual([path, 404, 'machine_not_found']);
      expect(await codeOf(far.rest.post(`${on}/access/grant`, { username: 'x', role: 'view' }))).toEqual([
        404,
        'machine_not_found',
      ]);
      for (const [method, path, body] of [
        ['GET', `/api/sessions/${mine.sessionId}`],
        ['DELETE', `/api/terminal/sessions/${mine.sessionId}`],
        ['PATCH', `/api/terminal/sessions/${mine.sessionId}`, { name: 'x' }],
        ['POST', `/api/terminal/sessions/${mine.sessionId}/resize`, { cols: 80, rows: 24 }],
        ['GET', `/api/sessions/${session.sessionId}`],
      ] as const)
        expect([path, ...(await codeOf(far.rest.send(method, path, body)))]).toEqual([path, 404, 'session_not_found']);
      expect((await far.rest.get<{ sessions: unknown[] }>('/api/terminal/sessions')).body.sessions).toEqual([]);
      expect(await dial(world(), far.token)).toEqual({ status: 404, code: 'machine_not_found' });
      expect(await dial(world(), far.token, 'header', { session_id: mine.sessionId })).toEqual({
        status: 404,
        code: 'machine_not_found',
      });
      // It would choose the tags of a machine, and so what it reaches.
      for (const path of ['/api/machines', '/api/enrolment-tokens'])
        expect(await codeOf(far.rest.post(path, { name: 'x', machines: 1 }))).not.toContain(201);
      expect(await codeOf(far.rest.get('/api/dashboard/recent-activity'))).toEqual([403, 'token_not_allowed']);

      const near = await makeToken(world(), owner, { scopes, machines: [agentId] });
      expect((await near.rest.get(on)).status).toBe(200);
      expect((await near.rest.get(`/api/sessions/${mine.sessionId}`)).status).toBe(200);
      expect(await codeOf(near.rest.send('PATCH', on, { tags: ['elsewhere'] }))).toEqual([403, 'token_not_allowed']);
      mine.socket.close();
      await owner.rest.send('DELETE', `/api/terminal/sessions/${mine.sessionId}`);
    });

    it('grants nobody what it may not do itself, and learns no API key', async () => {
      const { owner } = world().cast;
      const manager = await makeToken(world(), owner, { scopes: ['manage', 'account:read'] });
      const grant = { username: world().cast.other.name, role: 'control' };
      expect(await codeOf(manager.rest.post(`/api/machines/${world().agentId}/access/grant`, grant))).toEqual([
        403,
        'token_not_allowed',
      ]);
      expect((await manager.rest.get<{ user: object }>('/api/profile')).body.user).toMatchObject({ api_key: '' });
      expect(await dial(world(), manager.token)).toEqual({ status: 403, code: 'token_not_allowed' });
    });

    it('ends with its owner, and does less when its owner may do less', async () => {
      const { admin } = world().cast;
      const person = await world().person('a token owner');
      await admin.rest.send('PATCH', `/api/users/${person.id}`, { role: 'admin' });
      const made = await makeToken(world(), person, { scopes: ['see', 'audit:read'] });
      expect((await made.rest.get('/api/audit')).status).toBe(200);
      expect((await made.rest.get(`/api/machines/${world().agentId}`)).status).toBe(200);
      await admin.rest.send('PATCH', `/api/users/${person.id}`, { role: 'user' });
      await eventually('the role is gone', async () =>
        (await made.rest.get('/api/audit')).status === 403 ? true : undefined,
      );
      expect(await codeOf(made.rest.get(`/api/machines/${world().agentId}`))).toEqual([404, 'machine_not_found']);
      await admin.rest.send('PATCH', `/api/users/${person.id}`, { disabled: true });
      await eventually('the owner is disabled', async () =>
        (await made.rest.get('/api/machines')).status === 401 ? true : undefined,
      );
    });

    it('does not turn into a sign-in when a service forges its JWT', async () => {
      const { owner } = world().cast;
      const made = await makeToken(world(), owner, { scopes: ['see'] });
      expect((await made.rest.get('/api/machines')).status).toBe(200);
      // Its sid is in no answer and in no row.
      const rows = await (await world().mongo('auth')).db().collection('access_tokens').find().toArray();
      expect(JSON.stringify(rows)).not.toContain(made.token.slice('vsay_pat_'.length, -6));
    });
  });
};
