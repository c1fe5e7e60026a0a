import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const notOurs = ['**/node_modules/**', '**/dist/**', '**/.cache/**'];

// Test processes and the programs that they start keep their compiled code: a sixth less CPU time for each integration test file.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

/** The files that take longest: what starts last should be short, or all other workers wait for it. */
const longest = [
  'e2e/faults/matrix.e2e.ts',
  'e2e/security/security.e2e.ts',
  'e2e/terminal-page.e2e.ts',
  'e2e/faults/relays.e2e.ts',
  'e2e/accounts.e2e.ts',
  'e2e/second-user.e2e.ts',
  'throttling/throttling.integration.test.ts',
  'src/terminal.integration.test.ts',
  'start-stack.integration.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((name) => moduleId.endsWith(`/${name}`));
      return found === -1 ? longest.length : found;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

/**
 * unit: no I/O worth speaking of, in seconds. integration: real servers and processes. e2e: the whole stack.
 * They run one kind after the other, so that nothing quick waits for processors that whole stacks use.
 */
export default defineConfig({
  test: {
    passWithNoTests: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...notOurs, '**/*.integration.test.ts'],
          // They leave nothing behind, so a process and its modules serve many files: 18 s instead of 80 on two processors.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: notOurs,
          setupFiles: ['scripts/home-of-tests.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Each file starts servers of its own, and waits for them a third of its time.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.ts'],
          exclude: notOurs,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          globalSetup: ['e2e/support/unpack-browser.ts'],
          // Each file has a stack of its own, and waits more than it computes: one at a time leaves half of two processors idle.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
