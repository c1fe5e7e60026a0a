import { ApiKey } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { apiKeyIndexes, apiKeySha256, makeApiKey, openApiKey, rewrapApiKey } from './api-key.ts';

const old = deriveRootKeys([Buffer.alloc(32, 1)]);
const rotated = deriveRootKeys([Buffer.alloc(32, 2), Buffer.alloc(32, 1)]);
const user = 'a'.repeat(24);
const at = new Date('2026-01-02T03:04:05Z');

describe('an API key', () => {
  it('has the agreed form and is never made twice', () => {
    const keys = Array.from({ length: 50 }, () => makeApiKey(old, user, at).key);
    for (const key of keys) expect(ApiKey.safeParse(key).success).toBe(true);
    expect(new Set(keys).size).toBe(50);
  });

  it('is found by its SHA-256 and can be decrypted for its user only', () => {
    const { key, stored } = makeApiKey(old, user, at);
    expect(apiKeyIndexes(old, apiKeySha256(key))).toEqual([stored.index]);
    expect(openApiKey(old, user, stored)).toBe(key);
    expect(openApiKey(old, 'b'.repeat(24), stored)).toBeUndefined();
    expect(openApiKey(old, user, { ...stored, key_id: 'other' })).toBeUndefined();
    expect(JSON.stringify(stored)).not.toContain(key.slice(8));
  });

  it('survives a change of the root, and is stored under the new one from then on', () => {
    const { key, stored } = makeApiKey(old, user, at);
    expect(apiKeyIndexes(rotated, apiKeySha256(key))).toContain(stored.index);
    const moved = rewrapApiKey(rotated, user, stored);
    expect(moved?.key_id).toBe(stored.key_id);
    expect(moved && openApiKey(rotated, user, moved)).toBe(key);
    expect(moved && rewrapApiKey(rotated, user, moved)).toBeUndefined();
    expect(openApiKey(deriveRootKeys([Buffer.alloc(32, 3)]), user, stored)).toBeUndefined();
  });
});
