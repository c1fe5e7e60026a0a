import { defineConfig } from 'vitest/config';

/** Programs of others read the served OpenAPI document, and are fetched from PyPI: `npm run test:contract`. */
export default defineConfig({
  test: {
    name: 'contract',
    include: ['e2e/contract/**/*.trial.ts'],
    testTimeout: 20 * 60_000,
    hookTimeout: 5 * 60_000,
    fileParallelism: false,
  },
});
