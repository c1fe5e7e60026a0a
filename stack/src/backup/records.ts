import { BSON } from 'mongodb';
import { z } from 'zod';
import { ByteReader } from './byte-reader.ts';

// The content of a backup: records of a JSON head and bytes. A record is the length of its head u32, its head, and `size` bytes.

const maxHead = 4 * 1024 ** 2;

const Head = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('about'), version: z.string(), made_at: z.string(), size: z.literal(0) }),
  /** A file of the data folder. */
  z.object({ kind: z.literal('file'), path: z.string(), mode: z.number().int(), size: z.number().int().min(0) }),
  z.object({
    kind: z.literal('collection'),
    database: z.string(),
    name: z.string(),
    /** As listCollections and indexes of MongoDB have them, in extended JSON. */
    options: z.string(),
    indexes: z.string(),
    size: z.literal(0),
  }),
  /** Documents of the collection before, one BSON document behind the other. */
  z.object({ kind: z.literal('documents'), size: z.number().int().min(0) }),
]);
export type Head = z.infer<typeof Head>;
export interface BackupRecord {
  readonly head: Head;
  readonly bytes: Buffer;
}

export const toJson = (value: unknown): string => BSON.EJSON.stringify(value, { relaxed: false });
export const fromJson = (text: string): unknown => BSON.EJSON.parse(text, { relaxed: false });

export const encodeRecord = ({ head, bytes }: BackupRecord): Buffer => {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, bytes]);
};

export async function* readRecords(source: AsyncIterable<Buffer>): AsyncGenerator<BackupRecord> {
  const reader = new ByteReader(source);
  const none = Buffer.alloc(0);
  for (;;) {
    const length = await reader.take(4);
    if (length === undefined) return;
    const size = length.readUInt32BE();
    if (size > maxHead) throw new Error(`a head of ${size} bytes`);
    const head = Head.parse(JSON.parse(String(await reader.take(size))));
    yield { head, bytes: head.size === 0 ? none : ((await reader.take(head.size)) ?? none) };
  }
}
