import { parseJson } from '@webxterm/contracts/json';
import { allRoutes, type Route } from '@webxterm/contracts/rest';
import { type ForwardError, ForwardStream } from '@webxterm/terminal-client/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawTerminal, type Refusal } from '../support/raw-terminal.ts';
import { allRules } from './rules/all-rules.ts';
import { type Call, type Caller, callers, type Member, members, type Rule, type Statuses } from './rules/rule.ts';
import { forwardRules, socketRules, sshRules } from './rules/terminal.ts';
import { openSession, type Person, type World } from './world.ts';

type CallerRule = Extract<Rule, { kind: 'caller' }>;

interface Outcome {
  readonly status: number;
  readonly text: string;
}

export const pathOf = (route: Route, { params = {}, query = {} }: Call): string => {
  const path = route.path.replaceAll(/:(\w+)/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  return search === '' ? path : `${path}?${search}`;
};

const ask = async (world: World, route: Route, call: Call, token: string | undefined): Promise<Outcome> => {
  const leaving = new AbortController();
  const response = await fetch(`${world.stack.url}${pathOf(route, call)}`, {
    method: route.method.toUpperCase(),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    signal: leaving.signal,
  });
  // A stream of events has no end.
  const endless = response.status === 200 && route.success.stream === 'text/event-stream';
  const text = endless ? '' : await response.text();
  if (endless) leaving.abort();
  const seen = {
    method: route.method,
    path: pathOf(route, call),
    status: response.status,
    headers: response.headers,
    body: parseJson(text),
  };
  expect(world.documented.missing(seen)).toBeUndefined();
  return { status: response.status, text };
};

/** Those whose token is none: missing, of a disabled account, of a sign-in that ended. */
const outsiders = ({ cast }: World): readonly (readonly [string, string | undefined])[] => [
  ['no token', undefined],
  ['disabled', cast.disabled.token],
  ['ended', cast.ended.token],
];

/** Tickets and links that an answer holds: secrets too. */
const oneUse = /wxt_(tk|sl|rt)_[\w.-]{20,}/g;

const statusesOf = async (
  callers: readonly (readonly [string, string | undefined])[],
  one: (token: string | undefined) => Promise<Outcome>,
): Promise<Record<string, number>> => {
  const seen: Record<string, number> = {};
  for (const [name, token] of callers) seen[name] = (await one(token)).status;
  return seen;
};

const tryOutsiders = async (world: World, route: Route, rule: Rule): Promise<void> => {
  const call = await rule.call(world, 'other');
  const open = rule.kind === 'anyone' ? rule.status : 401;
  // Where a token may come but need not, one that is no good is no way in.
  const badToken = route.access === 'cookie' ? 401 : open;
  const seen = await statusesOf(outsiders(world), (token) => ask(world, route, call, token));
  expect(seen).toEqual({ 'no token': open, disabled: badToken, ended: badToken });
};

const tryCallers = async (world: World, route: Route, rule: CallerRule): Promise<void> => {
  const seen: Partial<Record<Caller, number>> = {};
  const shown: Caller[] = [];
  for (const caller of callers) {
    const call = await rule.call(world, caller);
    const { status, text } = await ask(world, route, call, world.cast[caller].token);
    seen[caller] = status;
    for (const [secret] of text.matchAll(oneUse)) world.secrets.add(secret);
    if (rule.shows !== undefined && text.includes(rule.shows.what(world))) shown.push(caller);
  }
  expect(seen).toEqual(rule.statuses);
  if (rule.shows !== undefined) expect(shown).toEqual(callers.filter((each) => rule.shows?.to.includes(each)));
};

/** The status for a member with the rights of `as`, to whom no session belongs. */
const statusAs = ({ own, hides, statuses }: CallerRule, as: Caller): number => {
  if (!own.includes(as)) return statuses[as];
  return hides ? 404 : 403;
};

const isMember = (name: string): name is Member => Object.hasOwn(members, name);

const tryMembers = async (world: World, route: Route, rule: CallerRule): Promise<void> => {
  for (const member of Object.keys(members).filter(isMember)) {
    const as = members[member];
    const { status, text } = await ask(world, route, await rule.call(world, as), world.cast[member].token);
    expect([member, status]).toEqual([member, statusAs(rule, as)]);
    if (rule.shows === undefined) continue;
    // A machine is shown to all who see it, a session to its owner and to those who manage the machine.
    expect([member, text.includes(rule.shows.what(world))]).toEqual([member, rule.shows.to.includes('view')]);
  }
};

const tryInsiders = async (world: World, route: Route, rule: Rule): Promise<void> => {
  if (rule.kind === 'caller') {
    await tryCallers(world, route, rule);
    if (rule.right !== undefined || rule.shows !== undefined) await tryMembers(world, route, rule);
    return;
  }
  const { token } = rule.kind === 'self' ? await world.person(`self ${route.id}`) : world.cast.other;
  expect((await ask(world, route, await rule.call(world, 'other'), token)).status).toBe(rule.status);
};

const setRole = async ({ cast }: World, { id }: Person, role: 'user' | 'admin'): Promise<void> => {
  expect((await cast.admin.rest.send('PATCH', `/api/users/${id}`, { role })).status).toBe(200);
};

/** The status of an upgrade; a shell that it opened ends. */
const upgrade = async (world: World, { token, rest }: Person, session: Record<string, string>): Promise<number> => {
  const opened = await RawTerminal.open(world.stack.url, world.agentId, { token, ...session }).catch(
    (refusal: Refusal) => refusal.status,
  );
  if (typeof opened === 'number') return opened;
  opened.close();
  if (session.session_id === undefined) await rest.send('DELETE', `/api/terminal/sessions/${opened.sessionId}`);
  return 101;
};

const trySocket = async (world: World, statuses: Statuses, session: Record<string, string>): Promise<void> => {
  const seen: Partial<Record<Caller, number>> = {};
  for (const caller of callers) seen[caller] = await upgrade(world, world.cast[caller], session);
  expect(seen).toEqual(statuses);
};

/** The code of the refusal of a forwarded connection to port 1 of the machine, where nothing listens. */
const forwardRefusal = ({ stack, agentId }: World, { token }: Person): Promise<string> =>
  new Promise((resolve) => {
    const stream = new ForwardStream({ url: stack.url, agentId, host: '127.0.0.1', port: 1, token: async () => token });
    stream.once('error', (error: ForwardError) => resolve(error.code));
  });

/** The code of the refusal of an ssh connection as a Linux user that the machine does not have. */
const sshRefusal = ({ stack, agentId }: World, { token }: Person): Promise<string> =>
  new Promise((resolve) => {
    const stream = new ForwardStream({ url: stack.url, agentId, linuxUser: 'no-such-user', token: async () => token });
    stream.once('error', (error: ForwardError) => resolve(error.code));
  });

/** Every route with every kind of caller, by the table of rules. */
export const routeMatrix = (world: () => World): void => {
  describe('every route answers every caller as its rule requires', () => {
    beforeAll(async () => {
      const { adminView, adminControl } = world().cast;
      for (const person of [adminView, adminControl]) await setRole(world(), person, 'admin');
    });
    afterAll(async () => {
      const { adminView, adminControl } = world().cast;
      for (const person of [adminView, adminControl]) await setRole(world(), person, 'user');
    });

    it('get /api/terminal/:agent_id/ws', async () => {
      await trySocket(world(), socketRules.opens, {});
      // Of its own: a raw client that comes and goes leaves none to resize in the world's.
      const { stack, agentId, cast } = world();
      const { sessionId } = await openSession(stack.url, agentId, cast.control);
      for (const mode of ['control', 'view'])
        await trySocket(world(), socketRules.returns, { session_id: sessionId, mode });
    });

    it('get /api/terminal/:agent_id/tcp', async () => {
      const seen: Partial<Record<Caller, string>> = {};
      for (const caller of callers) seen[caller] = await forwardRefusal(world(), world().cast[caller]);
      expect(seen).toEqual(forwardRules);
    });

    it('get /api/terminal/:agent_id/ssh', async () => {
      const seen: Partial<Record<Caller, string>> = {};
      for (const caller of callers) seen[caller] = await sshRefusal(world(), world().cast[caller]);
      expect(seen).toEqual(sshRules);
    });

    it.each(allRoutes.map((route): [string, Route] => [`${route.method} ${route.path}`, route]))(
      '%s',
      async (_name, route) => {
        const rules = allRules[route.id] ?? [];
        expect(rules).not.toEqual([]);
        for (const rule of rules) {
          await tryOutsiders(world(), route, rule);
          await tryInsiders(world(), route, rule);
        }
      },
    );
  });
};
