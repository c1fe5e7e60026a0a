import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { type DownFrame, decodeDown } from '@webxterm/contracts/frames';
import { decrypt, encrypt } from './data-keys.ts';
import type { ChunkRecord } from './record.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Bytes of the length before each frame of a chunk. */
const lengthBytes = 4;
/** Limit of a chunk, or of a part of the index, when it is read. One that is written is smaller. */
const maxPlainChunk = 4 * 1024 * 1024;

/** The frames of a chunk, each behind its length (u32, big endian). */
export const joinFrames = (frames: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(lengthBytes);
      length.writeUInt32BE(frame.length);
      return [length, frame];
    }),
  );

/** @throws FrameError, RangeError if the bytes are not whole frames */
export const framesIn = (plain: Buffer): DownFrame[] => {
  const frames: DownFrame[] = [];
  for (let at = 0; at < plain.length; ) {
    const end = at + lengthBytes + plain.readUInt32BE(at);
    if (end > plain.length) throw new RangeError('the chunk is cut');
    frames.push(decodeDown(plain.subarray(at + lengthBytes, end)));
    at = end;
  }
  return frames;
};

const aadOf = (recordingId: string, n: number): string => `webxterm recording ${recordingId} chunk ${n}`;

/** Compresses and encrypts a part of a recording. `aad` binds it to its place. */
export const sealPart = async (key: Buffer, plain: Uint8Array, aad: string): Promise<Buffer> =>
  encrypt(key, await compress(plain), aad);

/** Undefined: the part was changed, or is of another recording or place. */
export const openPart = async (key: Buffer, body: Buffer, aad: string): Promise<Buffer | undefined> => {
  const packed = decrypt(key, body, aad);
  return packed && decompress(packed, { maxOutputLength: maxPlainChunk }).catch(() => undefined);
};

export const sealChunk = (key: Buffer, recordingId: string, n: number, plain: Buffer): Promise<Buffer> =>
  sealPart(key, plain, aadOf(recordingId, n));

/** Undefined: the chunk was changed, or is of another recording or place. */
export const openChunk = (
  key: Buffer,
  { recording_id, n, body }: Pick<ChunkRecord, 'recording_id' | 'n' | 'body'>,
): Promise<Buffer | undefined> => openPart(key, body, aadOf(recording_id, n));

/** The start of the hash chain of a recording. */
export const chainStart = (recordingId: string): string =>
  createHash('sha256').update(`webxterm recording chain v1 ${recordingId}`).digest('hex');

type Linked = Pick<
  ChunkRecord,
  'recording_id' | 'n' | 'from' | 'to' | 'ms_from' | 'ms_to' | 'cols' | 'rows' | 'size' | 'lost' | 'body'
>;

/** The hash chain up to this chunk. It covers everything that is stored of the chunk. */
export const chainHash = (before: string, chunk: Linked): string => {
  const { recording_id, n, from, to, ms_from, ms_to, cols, rows, size, lost, body } = chunk;
  return createHash('sha256')
    .update(JSON.stringify([before, recording_id, n, from, to, ms_from, ms_to, cols, rows, size, lost]))
    .update(body)
    .digest('hex');
};
