import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('..', import.meta.url).pathname;
const sources = ['services/*/src', 'clients/web/src', 'libs/*/src'];
const decidesByRole = /\b(?:my_?[rR]ole|role|grant)\s*[!=]==?\s*'(?:owner|control|view)'|\bmy_?[rR]ole\s*[!=]==?/;

/** Where a role is compared because the role itself is shown or derived. Everything else asks for a right (libs/contracts/src/rights.ts). */
const expected = [
  // Derives the role from owner, grant and administrator.
  'services/agent-hub/src/machines/access-rule.ts',
  // The role of a guest in one shared session, which is no role on a machine.
  'services/agent-hub/src/attachments/attach-right.ts',
  'services/terminal/src/sharing/http.ts',
  // Offers to leave a machine that was granted.
  'clients/web/src/machines/machine-rights.ts',
];

it('rights alone decide what a caller may do with a machine, and roles do not', () => {
  const files = sources
    .flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root }))
    .filter((file) => !/\.test\.tsx?$|\/(generated|testing|node_modules)\//.test(file));
  expect(files.length).toBeGreaterThan(300);
  const found = files.filter((file) => decidesByRole.test(readFileSync(root + file, 'utf8')));
  expect(found.sort()).toEqual(expected.toSorted());
});
