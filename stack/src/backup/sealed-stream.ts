import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { StackFailure } from '../failure.ts';
import { ByteReader } from './byte-reader.ts';

// A backup: `magic`, a salt, and pieces of at most 1 MiB: length u32, ciphertext, tag. AES-256-GCM; the key is derived by scrypt. The nonce
// of a piece is its number and whether it is the last one, so that no piece can be left out, moved or added, and the end cannot be cut off
// (the STREAM construction: https://eprint.iacr.org/2015/189).

const magic = Buffer.from('WXTBACK1');
const saltBytes = 16;
const tagBytes = 16;
const pieceBytes = 1024 ** 2;
/** Of scrypt. A test takes a lower one. */
export type Cost = { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number };
/** 128 MiB and about half a second for each guess of a passphrase. */
const normalCost: Cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 ** 2 };

const keyOf = (passphrase: string, salt: Buffer, cost: Cost): Promise<Buffer> =>
  promisify<string, Buffer, number, Cost, Buffer>(scrypt)(passphrase, salt, 32, cost);

const nonceOf = (piece: number, last: boolean): Buffer => {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(piece));
  nonce.writeUInt32BE(last ? 1 : 0, 8);
  return nonce;
};

/** Encrypts a stream. */
export async function* seal(
  source: AsyncIterable<Buffer>,
  passphrase: string,
  cost = normalCost,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes);
  const key = await keyOf(passphrase, salt, cost);
  yield Buffer.concat([magic, salt]);
  const sealed = (number: number, content: Buffer, last: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, last));
    const bytes = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  let number = 0;
  let pending: Buffer = Buffer.alloc(0);
  for await (const bytes of source) {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length > pieceBytes) {
      yield sealed(number, pending.subarray(0, pieceBytes), false);
      number += 1;
      pending = pending.subarray(pieceBytes);
    }
  }
  yield sealed(number, pending, true);
}

/** Decrypts the bytes of `seal`. @throws StackFailure for another passphrase or another file, and for a file that was changed or cut */
export async function* open(
  source: AsyncIterable<Buffer>,
  passphrase: string,
  cost = normalCost,
): AsyncGenerator<Buffer> {
  const damaged = new StackFailure('the backup is damaged or incomplete: use another copy of it');
  const reader = new ByteReader(source);
  const take = (length: number): Promise<Buffer | undefined> => reader.take(length).catch(() => undefined);
  const head = await take(magic.length + saltBytes);
  if (head === undefined || !head.subarray(0, magic.length).equals(magic))
    throw new StackFailure('this file is not a backup of WebXTerm');
  const key = await keyOf(passphrase, head.subarray(magic.length), cost);
  for (let number = 0, last = false; !last; number += 1) {
    const length = (await take(4))?.readUInt32BE() ?? 0;
    if (length < tagBytes || length > pieceBytes + tagBytes) throw damaged;
    const bytes = await take(length);
    if (bytes === undefined) throw damaged;
    last = await reader.isAtEnd();
    const cipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, last));
    cipher.setAuthTag(bytes.subarray(-tagBytes));
    const content = cipher.update(bytes.subarray(0, -tagBytes));
    try {
      cipher.final();
    } catch {
      throw number === 0
        ? new StackFailure('the passphrase is not that of the backup, or the backup is damaged or incomplete')
        : damaged;
    }
    yield content;
  }
}
