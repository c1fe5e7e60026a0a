import { allRoutes } from '@webxterm/contracts/rest';
import { expect, it } from 'vitest';
import { allRules } from './rules/all-rules.ts';

it('every route has a rule of who may use it, and no rule is left over', () => {
  expect(Object.keys(allRules).sort()).toEqual(allRoutes.map((route) => route.id).sort());
});

it('a route that says it is for administrators has a rule that says so too', () => {
  for (const route of allRoutes.filter(({ access }) => access === 'admin'))
    for (const rule of allRules[route.id] ?? []) {
      expect([route.id, rule.kind]).toEqual([route.id, 'standing']);
      if (rule.kind !== 'standing') continue;
      const { admin, ...others } = rule.statuses;
      expect([route.id, new Set(Object.values(others))]).toEqual([route.id, new Set([403])]);
      expect(admin).not.toBe(403);
    }
});
