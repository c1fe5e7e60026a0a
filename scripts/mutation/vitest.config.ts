import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = join(import.meta.dirname, '../..');

/** The packages of this copy of the project. node_modules leads to those of the original, which are not mutated. */
const packages = ['libs', 'services', 'clients', 'stack']
  .flatMap((folder) =>
    folder === 'stack' ? [folder] : readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  )
  .flatMap((folder) => {
    const { name, exports = {} }: { name: string; exports?: Record<string, unknown> } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    );
    return Object.entries(exports)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      .map(([path, file]) => ({
        find: new RegExp(`^${name}${path.slice(1)}$`),
        replacement: join(root, folder, file),
      }));
  });

/** The tests of one folder, run by Stryker for each mutant. */
export default defineConfig({
  root,
  resolve: { alias: packages },
  test: {
    include: JSON.parse(process.env.MUTATION_TESTS ?? '[]'),
    setupFiles: ['scripts/home-of-tests.ts'],
    // Instrumented code is slow.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
