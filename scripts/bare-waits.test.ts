import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
/** Waits that fail only by the time limit of the test, or without saying what did not come. */
const bare: Readonly<Record<string, RegExp>> = {
  'an event in a promise: use inTime':
    /await new Promise(?:<[^>]*>)?\(\((?:resolve|reject|, )+\) =>\s*\w+(?:\.\w+)*\.once\(/,
  'vi.waitUntil: use vi.waitFor with a described expect': /vi\.waitUntil\(/,
  'a poll of any condition: give it `message: String(holds)`': /expect\.poll\(holds, \{(?![^}]*message)/,
};

const bareWaits = (text: string): string[] =>
  Object.entries(bare).flatMap(([what, pattern]) => (pattern.test(text) ? [what] : []));

it('every wait of a test says what it waits for', () => {
  const files = globSync('{libs,services,clients,stack,e2e}/**/*.{test,e2e,containers,k8s}.{ts,tsx}', {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  });
  expect(files.length).toBeGreaterThan(200);
  const found = files.flatMap((file) =>
    bareWaits(readFileSync(join(root, file), 'utf8')).map((what) => `${file}: ${what}`),
  );
  expect(found).toEqual([]);
});

it.each([
  "await new Promise((resolve) => socket.once('close', resolve));",
  'await vi.waitUntil(() => isEnded);',
  'expect.poll(holds, { timeout: 10 }).toBe(true)',
])('%s is found', (text) => {
  expect(bareWaits(text)).toHaveLength(1);
});
