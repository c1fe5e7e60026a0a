import { describe, expect, it } from 'vitest';
import { checksumOf } from './vendor-release.ts';

const one = 'a'.repeat(64);
const two = 'B'.repeat(64);

describe("a vendor's list of checksums", () => {
  it('finds the hash of the file, whether marked binary or not', () => {
    expect(checksumOf(`${one}  server.tgz\n${two} *other.tgz\n`, 'server.tgz')).toBe(one);
    expect(checksumOf(`${one}  server.tgz\n${two} *other.tgz\n`, 'other.tgz')).toBe(two.toLowerCase());
  });

  it('is refused when it does not name the file, or holds no SHA-256', () => {
    expect(() => checksumOf(`${one}  server.tgz`, 'erver.tgz')).toThrow('does not name erver.tgz');
    expect(() => checksumOf('abc  server.tgz', 'server.tgz')).toThrow();
    expect(() => checksumOf('<html>not found</html>', 'server.tgz')).toThrow();
  });
});
