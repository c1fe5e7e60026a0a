import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '../data-dir/private-files.ts';
import { plainFailure, StackFailure } from '../failure.ts';
import { handedFiles } from '../installation/handed-files.ts';
import { handedRelease, releaseFolderName } from '../installation/handed-release.ts';
import type { DataServers } from '../installation/handed-secrets.ts';

const give = (path: string, uid: number, mode: number): void => {
  chmodSync(path, mode);
  chownSync(path, uid, uid);
};

const giveFiles = (folder: string, uid: number, files: ReadonlyMap<string, string | Buffer>): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, content] of files) {
    const path = join(folder, name);
    writePrivateFile(path, content);
    give(path, uid, 0o400);
  }
  give(folder, uid, 0o500);
};

/** Facts of the installation. */
export interface HandOut {
  readonly publicUrl: string;
  readonly servers: DataServers;
  /** Data folders of NATS. */
  readonly natsData: readonly string[];
  /** Folder with the records of the agent's packages. Undefined: the gateway serves none. */
  readonly agentPackages: string | undefined;
}

/**
 * Creates missing secrets and certificates, copies to each container its own files, and creates the data folders of NATS.
 * @throws StackFailure if the volume cannot be written
 */
export const handOut = async (
  volume: string,
  { publicUrl, servers, natsData, agentPackages }: HandOut,
): Promise<void> => {
  try {
    mkdirSync(volume, { recursive: true });
    chmodSync(volume, 0o755);
    const release =
      agentPackages === undefined
        ? undefined
        : handedRelease(volume, { publicUrl, packages: agentPackages, now: Date.now() });
    for (const { folder, uid, files, certificates } of await handedFiles(volume, publicUrl, servers)) {
      for (const [name, pair] of certificates) giveFiles(join(volume, folder, name), uid, pair);
      giveFiles(join(volume, folder), uid, files);
      const released = release?.get(folder);
      if (released !== undefined) giveFiles(join(volume, folder, releaseFolderName), uid, released);
    }
    for (const folder of natsData) give(folder, 10_005, 0o700);
  } catch (error) {
    throw error instanceof StackFailure ? error : plainFailure(error, volume);
  }
};
