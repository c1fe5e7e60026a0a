import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify } from './data-dir/process-identity.ts';
import { PortClaims } from './port-claims.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webxterm-claims-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a port', () => {
  it('is claimed by one process at a time, until it is released', () => {
    const [one, other] = [new PortClaims(folder), new PortClaims(folder)];
    expect([one.take(20_000), other.take(20_000), other.take(20_001)]).toEqual([true, false, true]);
    other.giveBack(20_000);
    expect(other.take(20_000)).toBe(false);
    one.giveBack(20_000);
    expect(other.take(20_000)).toBe(true);
  });

  it('of a process that ended without releasing it is free again', () => {
    writeFileSync(join(folder, '20000'), JSON.stringify({ ...identify('port', process.pid), startedAt: 'before' }));
    expect(new PortClaims(folder).take(20_000)).toBe(true);
  });

  it('is not claimed in a folder that another user created', () => {
    const planted = join(folder, 'planted');
    symlinkSync(folder, planted);
    expect(() => new PortClaims(planted).take(20_000)).toThrow('is not used');
    expect(readdirSync(folder)).toEqual(['planted']);
  });

  it('whose claim is just being written is not free', () => {
    writeFileSync(join(folder, '20000'), '');
    expect(new PortClaims(folder).take(20_000)).toBe(false);
  });
});
