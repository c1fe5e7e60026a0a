import { defineConfig } from 'vitest/config';

/** The tests of each rule beside it. The interleavings take seconds for each of hundreds of mutants, and are left out. */
export default defineConfig({
  // Instrumented code is slow.
  test: { include: ['src/**/*.test.ts'], exclude: ['src/interleavings.test.ts'], testTimeout: 60_000 },
});
