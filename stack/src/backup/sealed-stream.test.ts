import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { open, seal } from './sealed-stream.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const joined = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
  const all: Buffer[] = [];
  for await (const bytes of source) all.push(bytes);
  return Buffer.concat(all);
};
const passphrase = 'correct horse battery';
const cost = { N: 2, r: 1, p: 1, maxmem: 1024 ** 2 };
const sealed = (content: Buffer): Promise<Buffer> => joined(seal(pieces(content, 300_000), passphrase, cost));
const opened = (bytes: Buffer, by = passphrase): Promise<Buffer> => joined(open(pieces(bytes, 77_777), by, cost));

describe('a sealed stream', () => {
  const piece = 4 + 1024 ** 2 + 16;

  it.each([0, 1, 1024 ** 2, 1024 ** 2 + 1, 3 * 1024 ** 2])('returns %d bytes', async (size) => {
    const content = randomBytes(size);
    const bytes = await sealed(content);
    expect((await opened(bytes)).equals(content)).toBe(true);
    if (size > 20) expect(bytes.includes(content.subarray(0, 20))).toBe(false);
  });

  it('is refused with another passphrase, and if it is something else', async () => {
    const bytes = await sealed(Buffer.from('secret'));
    await expect(opened(bytes, 'another passphrase')).rejects.toThrow('the passphrase is not that of the backup');
    await expect(opened(Buffer.from('PK not a backup, but a longer text'))).rejects.toThrow('is not a backup');
    await expect(opened(Buffer.from('PK'))).rejects.toThrow('is not a backup');
  });

  it('is refused if a byte was changed, or a piece left out, repeated, moved or cut off', async () => {
    const bytes = await sealed(randomBytes(3 * 1024 ** 2 + 5));
    const [head, one, two, rest] = [
      bytes.subarray(0, 24),
      bytes.subarray(24, 24 + piece),
      bytes.subarray(24 + piece, 24 + 2 * piece),
      bytes.subarray(24 + 2 * piece),
    ];
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bytes.length - 30) ^ 1, bytes.length - 30);
    const forged = [
      flipped,
      Buffer.concat([head, one, rest]),
      Buffer.concat([head, one, two, two, rest]),
      Buffer.concat([head, one, one, rest]),
      Buffer.concat([bytes, one]),
      bytes.subarray(0, 24 + 2 * piece),
      bytes.subarray(0, -1),
    ];
    for (const each of forged) await expect(opened(each)).rejects.toThrow('damaged or incomplete');
    await expect(opened(Buffer.concat([head, two, one, rest]))).rejects.toThrow('damaged or incomplete');
  });
});
