import { defineConfig } from 'vitest/config';
import { testConfig } from './scripts/test-projects.ts';

/** `npm test`. */
export default defineConfig(testConfig('suite'));
