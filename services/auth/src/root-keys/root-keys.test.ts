import { describe, expect, it } from 'vitest';
import { deriveRootKeys, open, seal } from './root-keys.ts';

const old = Buffer.alloc(32, 1);
const fresh = Buffer.alloc(32, 2);

describe('keys from a root', () => {
  it('are the same on every start, and differ by use and by root', () => {
    const { current } = deriveRootKeys([old]);
    expect(deriveRootKeys([old]).current).toEqual(current);
    const all = [current, deriveRootKeys([fresh]).current].flatMap((key) =>
      [key.pepper, key.apiKeyIndex, key.apiKeySeal].map((bytes) => bytes.toString('hex')),
    );
    expect(new Set(all).size).toBe(6);
  });

  it('are in use from the first root, and known from all', () => {
    const keys = deriveRootKeys([fresh, old]);
    expect(keys.current.id).toBe(deriveRootKeys([fresh]).current.id);
    expect(keys.all.map((key) => key.id)).toContain(deriveRootKeys([old]).current.id);
  });
});

describe('a sealed text', () => {
  it('can be opened with its key in its place only', () => {
    const sealed = seal(old, 'vsay_ak_x', 'user:key');
    expect(open(old, sealed, 'user:key')).toBe('vsay_ak_x');
    expect(open(old, sealed, 'other:key')).toBeUndefined();
    expect(open(fresh, sealed, 'user:key')).toBeUndefined();
    expect(open(old, 'AAAA', 'user:key')).toBeUndefined();
    const changed = Buffer.from(sealed, 'base64url').map((byte, index, all) =>
      index === all.length - 1 ? byte ^ 1 : byte,
    );
    expect(open(old, Buffer.from(changed).toString('base64url'), 'user:key')).toBeUndefined();
  });

  it('is different each time', () => {
    expect(seal(old, 'x', 'a')).not.toBe(seal(old, 'x', 'a'));
  });
});
