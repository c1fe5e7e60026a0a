import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chosenFolders, mutatedFolders } from './folders.ts';

const root = join(import.meta.dirname, '../..');
const folders = Object.entries(mutatedFolders);
const isMissing = (pattern: string): boolean => globSync(pattern.replace(/^!/, ''), { cwd: root }).length === 0;

describe('the folders of the mutation tests', () => {
  it('name files and tests that exist', () => {
    expect(folders.flatMap(([, { mutate, tests }]) => [...mutate, ...tests]).filter(isMissing)).toEqual([]);
  });

  it('say whether their tests start servers, and are fast only if they do not', () => {
    const isSlow = (pattern: string) => globSync(pattern, { cwd: root }).some((file) => file.includes('.integration.'));
    const wrong = folders.filter(
      ([, { startsServers = false, fast = false, tests }]) =>
        tests.some(isSlow) !== startsServers || (fast && startsServers),
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
    expect(readFileSync(join(root, '.ci/run'), 'utf8')).toContain('npm run --silent mutation -- fast');
  });

  it('are chosen by name, or all, or the fast ones', () => {
    expect(chosenFolders(['shared/tokens']).map(([name]) => name)).toEqual(['shared/tokens']);
    expect(chosenFolders(['all'])).toHaveLength(folders.length);
    expect(chosenFolders(['fast']).every(([, { fast }]) => fast)).toBe(true);
    expect(() => chosenFolders(['no/such'])).toThrow("Unknown folder 'no/such'");
    expect(() => chosenFolders([])).toThrow('A folder is missing');
  });
});
