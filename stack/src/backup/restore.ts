import { failureText } from '../failure.ts';
import { readSettings } from '../settings.ts';
import { readArguments, readPassphrase } from './arguments.ts';
import { restoreBackup } from './backup.ts';

const usage = `Usage: npm run restore -- --passphrase-file FILE BACKUP

Makes the data folder of npm start from a backup of npm run backup, also on another host. The folder must be empty or missing.
npm start continues the installation then. Stop the old installation first: its agents and sign-ins belong to one of the two only.

Options:
  --passphrase-file FILE  its first line is the passphrase of the backup
  -h, --help              show this text and do nothing

Settings, from the environment:
  WEBXTERM_DATA_DIR       the folder of npm start (.webxterm)

Examples:
  npm run restore -- --passphrase-file ~/backup-passphrase webxterm-backup.wxb
  WEBXTERM_DATA_DIR=/srv/webxterm npm run restore -- --passphrase-file ~/backup-passphrase monday.wxb`;

const { passphraseFile, path } = readArguments(usage, undefined);
try {
  const { dataDir } = readSettings();
  const { files, collections } = await restoreBackup(path, dataDir, readPassphrase(passphraseFile));
  process.stdout.write(`${dataDir}: ${collections} collections and ${files} files. Start it: npm start\n`);
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = 1;
}
