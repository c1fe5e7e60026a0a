import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '../data-dir/private-files.ts';
import { plainFailure } from '../failure.ts';
import { Secrets } from '../secrets/secrets.ts';
import { handedSecrets } from './handed-secrets.ts';

/** The secrets themselves, made once and never overwritten; everything else in the volume follows from them. */
export const openSecrets = (volume: string): Secrets => new Secrets(join(volume, 'made'));

const give = (path: string, uid: number, mode: number): void => {
  chmodSync(path, mode);
  chownSync(path, uid, uid);
};

/**
 * Makes what secrets are missing, hands each container its own copies, and gives NATS its data folder.
 * @throws StackFailure when the volume cannot be written
 */
export const handOut = (volume: string, natsData: string): void => {
  try {
    mkdirSync(volume, { recursive: true });
    chmodSync(volume, 0o755);
    const secrets = openSecrets(volume);
    for (const { folder, uid, secrets: names, derived } of handedSecrets((name) => secrets.read(name))) {
      const own = join(volume, folder);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      const files = [...names.map((name): [string, string] => [name, secrets.read(name)]), ...Object.entries(derived)];
      for (const [name, content] of files) {
        const path = join(own, name);
        writePrivateFile(path, `${content}\n`);
        give(path, uid, 0o400);
      }
      give(own, uid, 0o500);
    }
    give(natsData, 10_005, 0o700);
  } catch (error) {
    throw plainFailure(error, volume);
  }
};
