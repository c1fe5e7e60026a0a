import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepAuthority, keepCertificate } from './certificate-folders.ts';

const dayMs = 24 * 3_600_000;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pki-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inside = (name: string): string => readFileSync(join(folder, 'hub', name), 'utf8');

describe("the installation's certificates", () => {
  it('keep one CA', async () => {
    const first = await keepAuthority(folder, Date.now());
    expect(await keepAuthority(folder, Date.now())).toEqual(first);
    expect(statSync(join(folder, 'ca.key')).mode & 0o777).toBe(0o600);
    rmSync(join(folder, 'ca.key'));
    await expect(keepAuthority(folder, Date.now())).rejects.toThrow(/bring it back from the backup/);
  });

  it('are kept while they are valid, and replaced for new names and near their expiry', async () => {
    const now = Date.now();
    const authority = await keepAuthority(folder, now);
    const keep = (names: string[], at: number) =>
      keepCertificate(join(folder, 'hub'), authority, { names, usage: 'server' }, at);
    await keep(['a.example'], now);
    const first = inside('tls.crt');
    expect(inside('ca.crt')).toBe(authority.certificate);
    await keep(['a.example'], now + 10 * dayMs);
    expect(inside('tls.crt')).toBe(first);
    await keep(['a.example', 'b.example'], now);
    const second = inside('tls.crt');
    expect(second).not.toBe(first);
    await keep(['a.example'], now + 360 * dayMs);
    expect(inside('tls.crt')).not.toBe(second);
  });
});
