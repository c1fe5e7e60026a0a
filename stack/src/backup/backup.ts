import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MongoClient, MongoServerError } from 'mongodb';
import packageJson from '../../package.json' with { type: 'json' };
import { plainFailure, reasonOf, StackFailure } from '../failure.ts';
import { readStackFile } from '../read-stack-file.ts';
import { Secrets } from '../secrets/secrets.ts';
import { rootUser } from '../servers/mongo-setup.ts';
import { startServers } from '../test-servers.ts';
import { DatabaseRestore, databaseRecords } from './databases.ts';
import { type FileHead, fileRecords, restoreFile } from './files.ts';
import { type BackupRecord, encodeRecord, readRecords } from './records.ts';
import { open, seal } from './sealed-stream.ts';

/** The parts of a backup. */
export interface BackupContent {
  readonly files: number;
  readonly collections: number;
}

/** Error code of the server. */
const snapshotTooOld = 239;

/** The parts of an installation that a backup holds. */
export interface BackupSource {
  /** As root. @throws StackFailure if MongoDB does not answer */
  connect(): Promise<MongoClient>;
  files(): Iterable<BackupRecord>;
}

/** As root, to a mongod on this machine. */
export const connect = (port: number, password: string): Promise<MongoClient> =>
  new MongoClient(`mongodb://127.0.0.1:${port}/admin`, {
    directConnection: true,
    auth: { username: rootUser, password },
    authSource: 'admin',
    serverSelectionTimeoutMS: 10_000,
  }).connect();

const rootPassword = (dataDir: string): string => new Secrets(`${dataDir}/secrets`).read('mongo-root');

const portOfMongod = (dataDir: string): number => {
  const port = readStackFile(dataDir)?.processes.find(({ name }) => name === 'mongod')?.port;
  if (port === undefined)
    throw new StackFailure(
      `no mongod of npm start is known for ${dataDir}: start it first, or back up your own MongoDB by its own tools (docs/operations.md)`,
    );
  return port;
};

const connectTo = async (dataDir: string): Promise<MongoClient> => {
  const port = portOfMongod(dataDir);
  try {
    return await connect(port, rootPassword(dataDir));
  } catch (error) {
    throw new StackFailure(`mongod does not answer on port ${port}: start WebXTerm first (${reasonOf(error)})`);
  }
};

/** The running installation of npm start. */
export const ofDataFolder = (dataDir: string): BackupSource => ({
  connect: () => connectTo(dataDir),
  files: () => fileRecords(dataDir),
});

/** Writes a backup of a running installation. @throws StackFailure if the file exists or the installation does not run */
export const writeBackup = async (source: BackupSource, path: string, passphrase: string): Promise<BackupContent> => {
  if (existsSync(path)) throw new StackFailure(`${path} exists already: choose another name`);
  const content = { files: 0, collections: 0 };
  const client = await source.connect();
  async function* records(): AsyncGenerator<BackupRecord> {
    const about = { kind: 'about', version: packageJson.version, made_at: new Date().toISOString(), size: 0 } as const;
    yield { head: about, bytes: Buffer.alloc(0) };
    // The files after the databases: the key of something that the databases hold is there by then.
    yield* databaseRecords(client);
    yield* source.files();
  }
  async function* encoded(): AsyncGenerator<Buffer> {
    for await (const record of records()) {
      if (record.head.kind === 'file') content.files += 1;
      if (record.head.kind === 'collection') content.collections += 1;
      yield encodeRecord(record);
    }
  }
  const unfinished = `${path}.unfinished-${process.pid}`;
  try {
    await pipeline(
      seal(encoded(), passphrase),
      createWriteStream(unfinished, { mode: 0o600, flags: 'wx', flush: true }),
    );
    // It took minutes.
    if (existsSync(path)) throw new StackFailure(`${path} exists now: choose another name`);
    renameSync(unfinished, path);
    return content;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === snapshotTooOld)
      throw new StackFailure(
        'MongoDB no longer has the point in time that this backup began at: it took over five minutes. Write it to a faster disk, or stop WebXTerm and copy its data',
      );
    throw plainFailure(error, dirname(path));
  } finally {
    rmSync(unfinished, { force: true });
    await client.close();
  }
};

/** A backup is read twice: its files are at its end, and mongod needs its secrets before. */
const eachRecord = async (
  path: string,
  passphrase: string,
  act: (record: BackupRecord) => Promise<void> | void,
): Promise<void> => {
  const source: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1024 ** 2 });
  for await (const record of readRecords(open(source, passphrase))) await act(record);
};

/** The paths of the files of a backup, all of which is read. @throws StackFailure if it cannot be read */
export const pathsIn = async (path: string, passphrase: string): Promise<string[]> => {
  const paths: string[] = [];
  await eachRecord(path, passphrase, ({ head }) => {
    if (head.kind === 'file') paths.push(head.path);
  });
  return paths;
};

/** Where a backup is restored. */
export interface BackupTarget {
  file(head: FileHead, bytes: Buffer): void;
  /** Called once all files are there. */
  connect(): Promise<MongoClient>;
}

/** Restores the files of a backup, and then its databases. @throws StackFailure if it cannot be read */
export const readBackup = async (path: string, passphrase: string, target: BackupTarget): Promise<BackupContent> => {
  const content = { files: 0, collections: 0 };
  await eachRecord(path, passphrase, ({ head, bytes }) => {
    if (head.kind !== 'file') return;
    target.file(head, bytes);
    content.files += 1;
  });
  const client = await target.connect();
  try {
    const databases = new DatabaseRestore(client);
    await eachRecord(path, passphrase, async ({ head, bytes }) => {
      if (head.kind !== 'collection' && head.kind !== 'documents') return;
      await databases.add({ head, bytes });
      if (head.kind === 'collection') content.collections += 1;
    });
  } finally {
    await client.close();
  }
  return content;
};

/** rename(2) replaces an empty folder, and no other. The folder may have been filled since it was found empty. */
const moveTo = (dataDir: string, made: string): void => {
  try {
    renameSync(made, dataDir);
  } catch (error) {
    throw new StackFailure(`the restored data cannot be moved to ${dataDir}: ${reasonOf(error)}`);
  }
};

/** Makes the data folder of a backup. @throws StackFailure if the folder is not empty, or the backup cannot be read */
export const restoreBackup = async (path: string, dataDir: string, passphrase: string): Promise<BackupContent> => {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0)
    throw new StackFailure(`${dataDir} is not empty: restore into another WEBXTERM_DATA_DIR, or move it away first`);
  if (!existsSync(path)) throw new StackFailure(`there is no file ${path}`);
  const unfinished = `${dataDir}.unfinished-${process.pid}`;
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  let servers: Awaited<ReturnType<typeof startServers>> | undefined;
  try {
    const content = await readBackup(path, passphrase, {
      file: (head, bytes) => restoreFile(unfinished, head, bytes),
      connect: async () => {
        servers = await startServers({ dataDir: unfinished });
        return connect(servers.mongodPort, rootPassword(unfinished));
      },
    }).finally(() => servers?.stop());
    mkdirSync(dirname(dataDir), { recursive: true });
    moveTo(dataDir, unfinished);
    return content;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
};
