import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { outageTable } from './outage-table.ts';

it('docs/degraded-modes.md shows the outage matrix that the trial checks', () => {
  expect(readFileSync(new URL('../../docs/degraded-modes.md', import.meta.url), 'utf8')).toContain(outageTable());
});
