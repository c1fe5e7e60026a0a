import { defineConfig } from 'vitest/config';

/** Needs a Docker engine: `npm run test:containers`. */
export default defineConfig({
  test: {
    name: 'containers',
    include: ['e2e/containers/**/*.containers.ts'],
    testTimeout: 120_000,
    fileParallelism: false,
    // Another system for the suites login and service: LOGIN_MACHINE_BASE=debian:13 npm run test:containers -- login
    // The commit whose images are upgraded: UPGRADE_FROM=v1.2.0 npm run test:containers -- recovery
    provide: {
      loginMachineBase: process.env.LOGIN_MACHINE_BASE ?? 'node:24-bookworm-slim',
      upgradeFrom: process.env.UPGRADE_FROM ?? '',
    },
    // The program with which the library removes containers comes from a registry; the suite removes them itself.
    env: { TESTCONTAINERS_RYUK_DISABLED: 'true' },
  },
});
