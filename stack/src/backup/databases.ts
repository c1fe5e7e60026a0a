import { BSON, type ClientSession, type Document, type MongoClient } from 'mongodb';
import { z } from 'zod';
import { databaseOf, mongoUsers } from '../servers/mongo-users.ts';
import { type BackupRecord, fromJson, type Head, toJson } from './records.ts';

/** Bytes of documents in one record, and one more document. */
const batchBytes = 4 * 1024 ** 2;
const insertAtOnce = 500;
/** Keeps each number in its type. */
const asStored = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

const Collection = z.looseObject({ name: z.string(), type: z.string(), options: z.looseObject({}).default({}) });

const none = Buffer.alloc(0);
const batch = (documents: readonly Buffer[]): BackupRecord => {
  const bytes = Buffer.concat(documents);
  return { head: { kind: 'documents', size: bytes.length }, bytes };
};

/** MongoDB reads no snapshot of a time series. */
async function* documentsOf(
  client: MongoClient,
  session: ClientSession,
  { database, name, type }: { database: string; name: string; type: string },
): AsyncGenerator<BackupRecord> {
  const options = { raw: true, ...(type === 'timeseries' ? {} : { session }) };
  let documents: Buffer[] = [];
  let size = 0;
  for await (const found of client.db(database).collection(name).find({}, options)) {
    const document: unknown = found;
    if (!Buffer.isBuffer(document)) throw new Error('a document is not raw');
    documents.push(document);
    size += document.length;
    if (size < batchBytes) continue;
    yield batch(documents);
    [documents, size] = [[], 0];
  }
  if (documents.length > 0) yield batch(documents);
}

/**
 * Every collection of the services at one point in time, while they write. MongoDB keeps that point for five minutes.
 * @param client root
 */
export async function* databaseRecords(client: MongoClient): AsyncGenerator<BackupRecord> {
  const session = client.startSession({ snapshot: true });
  try {
    for (const database of mongoUsers.map(databaseOf)) {
      const found = z.array(Collection).parse(await client.db(database).listCollections().toArray());
      for (const { name, type, options } of found) {
        if (name.startsWith('system.') || type === 'view') continue;
        const indexes = await client.db(database).collection(name).indexes();
        const described = { options: toJson(options), indexes: toJson(indexes) };
        yield { head: { kind: 'collection', database, name, ...described, size: 0 }, bytes: none };
        yield* documentsOf(client, session, { database, name, type });
      }
    }
  } finally {
    await session.endSession();
  }
}

const documentsIn = (bytes: Buffer): Document[] => {
  const documents: Document[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readInt32LE(at);
    documents.push(BSON.deserialize(bytes.subarray(at, at + size), asStored));
    at += size;
  }
  return documents;
};

const Index = z.looseObject({ name: z.string(), key: z.record(z.string(), z.any()) });

/** Makes the collections of a backup in empty databases. */
export class DatabaseRestore {
  readonly #client: MongoClient;
  #current: { readonly database: string; readonly name: string } | undefined;

  constructor(client: MongoClient) {
    this.#client = client;
  }

  async add({
    head,
    bytes,
  }: {
    head: Extract<Head, { kind: 'collection' | 'documents' }>;
    bytes: Buffer;
  }): Promise<void> {
    if (head.kind === 'collection') return this.#begin(head);
    if (this.#current === undefined) throw new Error('documents without a collection');
    const { database, name } = this.#current;
    const documents = documentsIn(bytes);
    for (let at = 0; at < documents.length; at += insertAtOnce)
      await this.#client
        .db(database)
        .collection(name)
        .insertMany(documents.slice(at, at + insertAtOnce), { ignoreUndefined: false });
  }

  async #begin({ database, name, options, indexes }: Extract<Head, { kind: 'collection' }>): Promise<void> {
    this.#current = { database, name };
    const made = z.looseObject({}).parse(fromJson(options));
    const collection = await this.#client.db(database).createCollection(name, made);
    for (const { key, v: _version, ...index } of z.array(Index).parse(fromJson(indexes)))
      if (index.name !== '_id_') await collection.createIndex(key, index);
  }
}
