import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { trials } from './test-projects.ts';

const root = join(import.meta.dirname, '..');

it('every file of the longer trials exists, and .ci/run runs them beside the suite', () => {
  expect(trials.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  const lines = readFileSync(join(root, '.ci/run'), 'utf8');
  for (const command of ['npm test -- ', 'npm run --silent test:trials -- ']) expect(lines).toContain(command);
});
