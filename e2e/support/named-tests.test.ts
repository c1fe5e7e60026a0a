import { expect, it } from 'vitest';
import { isThere, rulesOf, testsIn } from './named-tests.ts';

it.each([
  ['security.md', 30],
  ['stream-core.md', 37],
])('each rule of docs/%s names a test, and each test that it names is there', (page, atLeast) => {
  const { rules, named } = rulesOf(page);
  expect(rules.length).toBeGreaterThan(atLeast);
  expect(rules.filter((rule) => testsIn(rule).length === 0)).toEqual([]);
  expect(named.filter((test) => !isThere(test))).toEqual([]);
});

it('each test that docs/degraded-modes.md names is there', () => {
  const { named } = rulesOf('degraded-modes.md');
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((test) => !isThere(test))).toEqual([]);
});
