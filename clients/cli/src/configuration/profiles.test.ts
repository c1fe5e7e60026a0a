import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCode } from '../failure.ts';
import { readEnvironment } from './environment.ts';
import { keepProfile, profileNamed, readProfiles, removeProfile, useProfile } from './profiles.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vsay-profiles-'));
  file = join(folder, 'vsay', 'cli.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const one = { url: 'https://one.example.org', token: 'vsay_pat_one' };
const two = { url: 'https://two.example.org', token: 'vsay_pat_two' };

describe('profiles', () => {
  it('are kept in a file that only its owner can read, in a folder of its owner', async () => {
    await keepProfile(file, 'default', one);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'vsay')).mode & 0o777).toBe(0o700);
    expect(await readProfiles(file)).toEqual({ current: 'default', profiles: { default: one } });
  });

  it('are several; the last one that was logged in is the current one, until another is chosen or it is removed', async () => {
    await keepProfile(file, 'default', one);
    await keepProfile(file, 'work', two);
    expect((await readProfiles(file)).current).toBe('work');
    await useProfile(file, 'default');
    expect((await readProfiles(file)).current).toBe('default');
    await removeProfile(file, 'default');
    expect(await readProfiles(file)).toEqual({ current: 'work', profiles: { work: two } });
    await removeProfile(file, 'work');
    await expect(readProfiles(file).then((kept) => profileNamed(kept, kept.current))).rejects.toMatchObject({
      exitCode: exitCode.signedOut,
      message: expect.stringContaining('vsay login'),
    });
  });

  it('are refused when other users can read them', async () => {
    await keepProfile(file, 'default', one);
    chmodSync(file, 0o640);
    await expect(readProfiles(file)).rejects.toThrow(`chmod 600 ${file}`);
  });

  it('are refused with the wrong field, and the file stays as it is', async () => {
    await keepProfile(file, 'default', one);
    for (const text of ['{', '[]', JSON.stringify({ current: 'a', profiles: { a: { url: 'x', token: 't' } } })]) {
      writeFileSync(file, text);
      await expect(keepProfile(file, 'b', two)).rejects.toThrow('is not a file of profiles');
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
    expect(await useProfile(file, 'b').catch((error: Error) => error.message)).toContain('profiles.a.url');
  });

  it('do not contain names of the prototype of objects', async () => {
    await keepProfile(file, 'default', one);
    await expect(useProfile(file, 'constructor')).rejects.toThrow('There is no profile constructor');
  });
});

it('the file of the profiles is below XDG_CONFIG_HOME, unless VSAY_CONFIG names it', () => {
  expect(readEnvironment({ XDG_CONFIG_HOME: '/x' }).configFile).toBe('/x/vsay/cli.json');
  expect(readEnvironment({ XDG_CONFIG_HOME: '/x', VSAY_CONFIG: '/y.json' }).configFile).toBe('/y.json');
  expect(readEnvironment({}).configFile).toMatch(/\/\.config\/vsay\/cli\.json$/);
  expect(readEnvironment({ VSAY_TOKEN: '', VSAY_HOST: 'https://h' })).toMatchObject({
    token: undefined,
    host: 'https://h',
  });
});
