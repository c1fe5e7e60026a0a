import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MongoClient } from 'mongodb';
import { readPassphrase } from '../backup/arguments.ts';
import { type BackupContent, type BackupSource, connect, pathsIn, readBackup, writeBackup } from '../backup/backup.ts';
import { fileRecords, restoreFile } from '../backup/files.ts';
import type { BackupRecord } from '../backup/records.ts';
import { reasonOf, StackFailure } from '../failure.ts';
import { openSecrets } from '../installation/handed-files.ts';

// `backup` and `restore` of docker-compose.yml. Operators mount the passphrase, the folder and the file at these paths.
const passphraseFile = '/passphrase';
const backupFolder = '/backups';
const backupFile = '/backup.wxb';

/** The volumes of files, by the first part of a path in the backup. All other files of `secrets` are copies of `made`. */
const volumes = { made: '/secrets', 'demo-config': '/' } as const;
const mongod = 27_017;
/** The user `node` of the agent's image. */
const demoUid = 1000;

const requireMount = (path: string, hint: string): void => {
  if (!existsSync(path)) throw new StackFailure(`there is no ${path} in the container: mount it, ${hint}`);
};

const demoFiles = function* (): Generator<BackupRecord> {
  if (!existsSync('/demo-config')) return;
  for (const { head, bytes } of fileRecords('/demo-config', () => true))
    yield { head: { ...head, path: `demo-config/${head.path}` }, bytes };
};

const source: BackupSource = {
  connect: async () => {
    try {
      return await connect(mongod, openSecrets(volumes.made).read('mongo-root'));
    } catch (error) {
      throw new StackFailure(`MongoDB does not answer: start WebXTerm first (${reasonOf(error)})`);
    }
  },
  files: function* () {
    yield* fileRecords(volumes.made, (top) => top === 'made');
    yield* demoFiles();
  },
};

/** Writes a backup of this installation while it runs. @returns its file */
export const backUp = async (): Promise<BackupContent & { readonly file: string }> => {
  requireMount(passphraseFile, '-v FILE:/passphrase:ro');
  requireMount(backupFolder, '-v FOLDER:/backups');
  const file = `webxterm-backup-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.wxb`;
  const content = await writeBackup(source, join(backupFolder, file), readPassphrase(passphraseFile));
  return { ...content, file };
};

const volumeOf = (path: string): string => {
  const [top = ''] = path.split('/', 1);
  const volume = Object.entries(volumes).find(([name]) => name === top)?.[1];
  if (volume === undefined)
    throw new StackFailure(`the backup has ${top}/, so it is of npm start: restore it by npm run restore`);
  return volume;
};

/**
 * Restores a backup into the empty volumes of an installation that does not run. `startMongo` makes mongod and its users from the restored
 * secrets.
 */
export const restore = async (startMongo: () => Promise<void>): Promise<BackupContent> => {
  requireMount(passphraseFile, '-v FILE:/passphrase:ro');
  requireMount(backupFile, '-v FILE:/backup.wxb:ro');
  if (existsSync(join(volumes.made, 'made')))
    throw new StackFailure(
      'the volume secrets is not empty: restore into another project, or remove this one with its data: docker compose down -v',
    );
  const passphrase = readPassphrase(passphraseFile);
  // The whole of it is read before anything is written.
  for (const path of await pathsIn(backupFile, passphrase)) volumeOf(path);
  return readBackup(backupFile, passphrase, {
    file: (head, bytes) => restoreFile(volumeOf(head.path), head, bytes),
    connect: async (): Promise<MongoClient> => {
      giveDemoConfig();
      await startMongo();
      return source.connect();
    },
  });
};

/** The folder of the demo machine belongs to the agent there. */
export const giveDemoConfig = (): void => {
  if (!existsSync('/demo-config/agent.yaml')) return;
  for (const name of readdirSync('/demo-config')) chownSync(join('/demo-config', name), demoUid, demoUid);
  chmodSync('/demo-config', 0o700);
  chownSync('/demo-config', demoUid, demoUid);
};
