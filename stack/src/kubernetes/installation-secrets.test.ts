import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSecrets } from '../installation/handed-files.ts';
import { makeInstallationSecrets } from './installation-secrets.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
const emptyFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'webxterm-set-up-'));
  folders.push(folder);
  return folder;
};

/** The Secrets of the cluster, which persist between runs of the set-up. */
class Cluster {
  readonly #secrets = new Map<string, ReadonlyMap<string, string>>();

  read(name: string): Promise<ReadonlyMap<string, string> | undefined> {
    return Promise.resolve(this.#secrets.get(name));
  }

  write(name: string, _type: string, files: ReadonlyMap<string, string>): Promise<'made' | 'changed' | 'same'> {
    const before = this.#secrets.get(name);
    this.#secrets.set(name, files);
    if (before === undefined) return Promise.resolve('made');
    return Promise.resolve(JSON.stringify([...before]) === JSON.stringify([...files]) ? 'same' : 'changed');
  }
}

const publicUrl = 'https://term.example.org';

describe('the Secrets of an installation', () => {
  it('hold each secret that a set-up uses, so that the next one makes none again', async () => {
    const cluster = new Cluster();
    const first = emptyFolder();
    await makeInstallationSecrets(cluster, { folder: first, publicUrl });
    const made = await cluster.read('webxterm-made');
    // The set-up of MongoDB does the same later.
    expect(made?.get('mongo-root')?.trim()).toBe(openSecrets(first).read('mongo-root'));

    const second = emptyFolder();
    expect(await makeInstallationSecrets(cluster, { folder: second, publicUrl })).toEqual([]);
    const secrets = readdirSync(join(first, 'made'), { withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { name } of secrets)
      expect(readFileSync(join(second, 'made', name), 'utf8')).toBe(readFileSync(join(first, 'made', name), 'utf8'));
  });
});
