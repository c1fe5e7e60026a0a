import { allRoutes, type Route } from '@webxterm/contracts/rest';
import { Right } from '@webxterm/contracts/rights';
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
      const may = rights.includes(rule.right) || rule.own.includes(caller);
      const refusal = rule.hides || !rights.includes('see') ? 404 : 403;
      const status = rule.statuses[caller];
      // A refusal of another kind than that for a missing right is possible, such as 409.
      if (may) expect([id, caller, status]).not.toEqual([id, caller, rule.hides ? 404 : 403]);
      else expect([id, caller, status]).toEqual([id, caller, refusal]);
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThanOrEqual(29 * callers.length);
});

it('every right is required by a row', () => {
  const required = new Set(
    Object.values(allRules).flatMap((rules) => rules.map((rule) => (rule.kind === 'caller' ? rule.right : undefined))),
  );
  // No route forwards ports yet.
  expect(Right.options.filter((right) => !required.has(right))).toEqual(['forward']);
});
