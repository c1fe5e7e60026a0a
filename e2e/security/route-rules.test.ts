import { allRoutes, type Route } from '@webxterm/contracts/rest';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { allRules } from './rules/all-rules.ts';
import { callers, rightsAs } from './rules/rule.ts';

it('every route has a rule for its callers, and no rule is without a route', () => {
  expect(Object.keys(allRules).sort()).toEqual(allRoutes.map((route) => route.id).sort());
});

it('a route that is declared for administrators has a rule for administrators', () => {
  for (const route of allRoutes.filter(({ access }) => access === 'admin'))
    for (const rule of allRules[route.id] ?? []) {
      expect([route.id, rule.kind]).toEqual([route.id, 'caller']);
      if (rule.kind !== 'caller') continue;
      const { admin, adminView, adminControl, ...others } = rule.statuses;
      expect([route.id, new Set(Object.values(others))]).toEqual([route.id, new Set([403])]);
      expect([adminView, adminControl]).toEqual([admin, admin]);
      expect(admin).not.toBe(403);
    }
});

/** In its path or its body, or by a session on it. */
const isAboutMachine = ({ owner, path, body }: Route): boolean =>
  owner !== 'auth' &&
  (/:agent_id|\/sessions\/:id/.test(path) || (body instanceof z.ZodObject && 'agent_id' in body.shape));

it('a route about one machine has a row that distinguishes the callers', () => {
  const about = allRoutes.filter(isAboutMachine).map(({ id }) => id);
  expect(about).toEqual(expect.arrayContaining(['getMachine', 'createTicket', 'endTerminalSession']));
  for (const id of about)
    for (const rule of allRules[id] ?? [])
      expect([id, rule.kind === 'caller' && rule.statuses.other]).toEqual([id, 404]);
});

it('a row of a route that requires a right refuses callers without it, and no others', () => {
  const rows = Object.entries(allRules).flatMap(([id, rules]) => rules.map((rule) => ({ id, rule })));
  let compared = 0;
  for (const { id, rule } of rows) {
    if (rule.kind !== 'caller' || rule.right === undefined) continue;
    for (const caller of callers) {
      const rights = rightsAs(caller);
      const refused = rights.includes(rule.right) ? undefined : rights.includes('see') ? 403 : 404;
      const status = rule.statuses[caller];
      if (refused === undefined) expect([id, caller, status]).not.toEqual([id, caller, 403]);
      else expect([id, caller, status]).toEqual([id, caller, refused]);
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThanOrEqual(12 * callers.length);
});
