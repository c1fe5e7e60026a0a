import { defineConfig } from 'vitest/config';

/** Runs the unit tests of each file. The interleavings are excluded, because they take seconds for each of hundreds of mutants. */
export default defineConfig({
  // Instrumented code is slow.
  test: { include: ['src/**/*.test.ts'], exclude: ['src/interleavings.test.ts'], testTimeout: 60_000 },
});
