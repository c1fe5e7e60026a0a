import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leaveOriginal } from './copied-image.ts';
import { loadMachineKey } from './machine-key.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copied-image-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const config = (): string => join(folder, 'agent.yaml');
const machineId = (digit: string): string => {
  writeFileSync(join(folder, 'machine-id'), `${digit.repeat(32)}\n`);
  return join(folder, 'machine-id');
};
const publicKey = async (): Promise<string> =>
  (await loadMachineKey(join(folder, 'agent.key'))).publicKey.toString('hex');

describe('a disk image', () => {
  it('gets a key pair of its own when it is copied to a machine with another id, and keeps it there', async () => {
    expect(await leaveOriginal(config(), { image: true }, machineId('a'))).toBe(false);
    const original = await publicKey();
    writeFileSync(join(folder, 'agent.credential'), 'wxt_mc_original\n');
    expect(await leaveOriginal(config(), { image: true }, machineId('a'))).toBe(false);
    expect(await publicKey()).toBe(original);
    expect(await leaveOriginal(config(), { image: true }, machineId('b'))).toBe(true);
    expect(existsSync(join(folder, 'agent.credential'))).toBe(false);
    const copy = await publicKey();
    expect(copy).not.toBe(original);
    expect(await leaveOriginal(config(), { image: true }, machineId('b'))).toBe(false);
    expect(await publicKey()).toBe(copy);
    expect(readFileSync(join(folder, 'agent.machine-id'), 'utf8')).not.toContain('b'.repeat(32));
  });

  it('keeps its key pair while the machine has no id yet, and if it is no image', async () => {
    const original = await publicKey();
    writeFileSync(join(folder, 'agent.machine-id'), 'of the original\n');
    writeFileSync(join(folder, 'machine-id'), 'uninitialized\n');
    expect(await leaveOriginal(config(), { image: true }, join(folder, 'machine-id'))).toBe(false);
    expect(await leaveOriginal(config(), { image: true }, join(folder, 'missing'))).toBe(false);
    expect(await leaveOriginal(config(), { image: false }, machineId('b'))).toBe(false);
    expect(await publicKey()).toBe(original);
  });
});
