import { defineConfig } from 'vitest/config';

/** Builds the package of the last release from its commit: `npm run trial:last-agent`. */
export default defineConfig({
  test: { name: 'last-agent', include: ['e2e/last-release/**/*.trial.ts'], testTimeout: 180_000 },
});
