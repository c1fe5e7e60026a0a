import { defineConfig } from 'vitest/config';

/** The proxies of docs/proxies in front of a stack, where they are installed: `npm run trial:proxies`. */
export default defineConfig({
  test: { name: 'proxies', include: ['e2e/proxies/**/*.trial.ts'], testTimeout: 60_000, hookTimeout: 180_000 },
});
