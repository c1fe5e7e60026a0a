import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const notOurs = ['**/node_modules/**', '**/dist/**', '**/.cache/**'];

/** The e2e files that take longest: what starts last should be short, or one of two workers waits for the other. */
const longest = ['faults/matrix', 'security/security', 'terminal-page', 'faults/relays', 'accounts', 'second-user'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((name) => moduleId.endsWith(`/e2e/${name}.e2e.ts`));
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
          // Each file starts servers of its own: two at a time is what two processors carry.
          maxWorkers: 2,
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
