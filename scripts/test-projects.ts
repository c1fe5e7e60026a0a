// The projects of `npm test` and of `npm run test:trials`.
import { join } from 'node:path';
import type { ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Test processes and the programs that they start keep their compiled code: a sixth less CPU time for each integration test file.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../node_modules/.cache/compiled');

const notOurs = ['**/node_modules/**', '**/dist/**', '**/.cache/**'];

/**
 * Test files that repeat a fault or an attack many times, or wait for time limits of real servers. They take minutes, so they have a command
 * of their own, `npm run test:trials`. `.ci/run` runs both.
 */
export const trials: readonly string[] = [
  'e2e/faults/clocks.e2e.ts',
  'e2e/faults/extremes.e2e.ts',
  'e2e/faults/forwards.e2e.ts',
  'e2e/faults/matrix.e2e.ts',
  'e2e/faults/outages.e2e.ts',
  'e2e/faults/recordings.e2e.ts',
  'e2e/faults/relays.e2e.ts',
  'e2e/hostile-output.e2e.ts',
  'e2e/partition.e2e.ts',
  'e2e/security/repeated.e2e.ts',
  'services/agent-hub/src/attachments/burst.integration.test.ts',
  'services/agent-hub/src/outage.integration.test.ts',
  'services/agent-hub/src/updates/fleet-updates.integration.test.ts',
  'services/agent-hub/src/updates/updates.integration.test.ts',
  'services/auth/src/allow-list/clocks.integration.test.ts',
  'services/auth/src/audit/audit-outages.integration.test.ts',
  'services/auth/src/database/mongo-away.integration.test.ts',
  'services/auth/src/mongodb-writes.integration.test.ts',
  'services/auth/src/outbox/outages.integration.test.ts',
  'services/auth/src/read-only-volumes.integration.test.ts',
  'services/auth/src/server-limits.integration.test.ts',
  'services/auth/src/throttling/throttling.integration.test.ts',
  'services/terminal/src/faults.integration.test.ts',
  'services/terminal/src/recordings/large.integration.test.ts',
  'stack/src/agent-package/hand-over.integration.test.ts',
  'stack/src/agent-package/install.integration.test.ts',
  'stack/src/agent-package/update.integration.test.ts',
];

/** Trials that compare speeds or delays. They run one at a time, after all others. */
const measuring: readonly string[] = [
  'e2e/faults/relays.e2e.ts',
  'e2e/hostile-output.e2e.ts',
  'services/terminal/src/recordings/large.integration.test.ts',
];

/** The files that take longest: what starts last should be short, or all other workers wait for it. */
const longest = [
  'e2e/terminal-input.e2e.ts',
  'e2e/hostile-output.e2e.ts',
  'e2e/security/security.e2e.ts',
  'e2e/security/repeated.e2e.ts',
  'e2e/terminal-page.e2e.ts',
  'e2e/faults/matrix.e2e.ts',
  'e2e/accounts.e2e.ts',
  'e2e/machines.e2e.ts',
  'src/integration/cli.integration.test.ts',
  'agent-package/hand-over.integration.test.ts',
  'src/checked-then-done.integration.test.ts',
  'presence/presence.integration.test.ts',
  'src/terminal.integration.test.ts',
  'agent-package/install.integration.test.ts',
  'agent-package/update.integration.test.ts',
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

const isEndToEnd = (file: string): boolean => file.startsWith('e2e/') && file.endsWith('.e2e.ts');

/**
 * unit: no I/O worth speaking of, in seconds. integration: real servers and processes. e2e: the whole stack.
 * They run one kind after the other, so that nothing quick waits for processors that whole stacks use.
 */
export const testConfig = (part: 'suite' | 'trials'): ViteUserConfig => {
  const files = (inSuite: string[], ofKind: (file: string) => boolean): { include: string[]; exclude: string[] } =>
    part === 'suite'
      ? { include: inSuite, exclude: [...notOurs, ...trials] }
      : { include: trials.filter((file) => ofKind(file) && !measuring.includes(file)), exclude: notOurs };
  const unit = {
    test: {
      name: 'unit',
      include: ['**/*.test.{ts,tsx}'],
      exclude: [...notOurs, '**/*.integration.test.ts'],
      // They leave nothing behind, so a process and its modules serve many files: 18 s instead of 80 on two processors.
      isolate: false,
      maxWorkers: 2,
      sequence: { groupOrder: 0 },
    },
  };
  const integration = {
    test: {
      name: 'integration',
      ...files(['**/*.integration.test.ts'], (file) => !isEndToEnd(file)),
      setupFiles: ['scripts/home-of-tests.ts'],
      // Each file closes what it opened, so a process and its modules serve many files: loading them is a sixth of the processor time.
      // A trial gets a process of its own, because it measures or breaks what its process has.
      isolate: part === 'trials',
      testTimeout: 60_000,
      hookTimeout: 120_000,
      // Each file starts servers of its own, and waits for them a third of its time.
      maxWorkers: 3,
      sequence: { groupOrder: 1 },
    },
  };
  const endToEnd = {
    test: {
      name: 'e2e',
      ...files(['e2e/**/*.e2e.ts'], isEndToEnd),
      testTimeout: 120_000,
      hookTimeout: 180_000,
      setupFiles: ['e2e/support/failed-pages.ts'],
      globalSetup: ['e2e/support/unpack-browser.ts', 'e2e/support/shared-stacks.ts'],
      // Each file starts or uses a whole stack, and waits more than it computes: two at a time leave a third of two processors idle.
      maxWorkers: part === 'suite' ? 3 : 2,
      sequence: { groupOrder: 2 },
    },
  };
  const alone = {
    test: {
      ...endToEnd.test,
      name: 'measuring',
      include: [...measuring],
      exclude: notOurs,
      setupFiles: [...integration.test.setupFiles, ...endToEnd.test.setupFiles],
      maxWorkers: 1,
      sequence: { groupOrder: 3 },
    },
  };
  return {
    test: {
      passWithNoTests: false,
      sequence: { sequencer: LongestFirst },
      projects: part === 'suite' ? [unit, integration, endToEnd] : [integration, endToEnd, alone],
    },
  };
};
