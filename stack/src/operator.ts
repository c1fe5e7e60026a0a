import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf, StackFailure } from './failure.ts';
import { readSettings } from './settings.ts';

// `npm run admin -- COMMAND`: the auth service's operator commands on the data folder that `npm start` uses, while it runs.

const operator = fileURLToPath(new URL('../../services/auth/src/operator/main.ts', import.meta.url));

const run = (): number => {
  const { dataDir, environment } = readSettings();
  const files = {
    MONGO_URL_FILE: join(dataDir, 'secrets', 'mongo-url-auth'),
    ROOT_KEY_FILE: join(dataDir, 'secrets', 'root-key'),
  };
  const missing = Object.values(files).find((file) => !existsSync(file));
  if (missing !== undefined)
    throw new StackFailure(
      `${missing} is not there: run npm start first, with the same WEBXTERM_DATA_DIR, and leave it running`,
    );
  const { PATH = '' } = environment;
  return (
    spawnSync(process.execPath, [operator, ...process.argv.slice(2)], { env: { PATH, ...files }, stdio: 'inherit' })
      .status ?? 1
  );
};

try {
  process.exitCode = run();
} catch (error) {
  process.stderr.write(`${error instanceof StackFailure ? reasonOf(error) : String(error)}\n`);
  process.exitCode = 1;
}
