import { failureText } from '../failure.ts';
import { readSettings } from '../settings.ts';
import { readArguments, readPassphrase } from './arguments.ts';
import { ofDataFolder, writeBackup } from './backup.ts';

const usage = `Usage: npm run backup -- --passphrase-file FILE [BACKUP]

Writes an encrypted backup of the installation of npm start while it runs: its databases at one point in time, and its files (secrets,
certificates, keys). With its passphrase, it gives every secret of the installation.

BACKUP is the new file, webxterm-backup-<time>.wxb by default. An existing file is not overwritten.

Options:
  --passphrase-file FILE  its first line encrypts the backup, 12 characters or more. Keep it apart from the backup
  -h, --help              show this text and do nothing

Settings, from the environment:
  WEBXTERM_DATA_DIR       the folder of npm start (.webxterm)

Examples:
  npm run backup -- --passphrase-file ~/backup-passphrase
  npm run backup -- --passphrase-file ~/backup-passphrase /mnt/backups/monday.wxb`;

const time = new Date().toISOString().replaceAll(/[:.]/g, '-');
const { passphraseFile, path } = readArguments(usage, `webxterm-backup-${time}.wxb`);
try {
  const { files, collections } = await writeBackup(
    ofDataFolder(readSettings().dataDir),
    path,
    readPassphrase(passphraseFile),
  );
  process.stdout.write(`${path}: ${collections} collections and ${files} files, encrypted\n`);
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = 1;
}
