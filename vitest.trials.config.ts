import { defineConfig } from 'vitest/config';
import { testConfig } from './scripts/test-projects.ts';

/** `npm run test:trials`. */
export default defineConfig(testConfig('trials'));
