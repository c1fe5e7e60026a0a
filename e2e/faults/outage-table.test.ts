import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clockTable } from './clock-table.ts';
import { outageTable } from './outage-table.ts';

it('docs/degraded-modes.md shows the outage matrix and the clocks that the trials check', () => {
  const page = readFileSync(new URL('../../docs/degraded-modes.md', import.meta.url), 'utf8');
  expect(page).toContain(outageTable());
  expect(page).toContain(clockTable());
});
