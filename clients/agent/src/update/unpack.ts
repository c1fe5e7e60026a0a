import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { describeError, Failure } from '../failure.ts';
import { type Installation, programOf } from './installation.ts';
import { readPackageList } from './package-list.ts';

const run = promisify(execFile);
const startsWithinMs = 60_000;

export const sha256OfFile = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

/** Compares every file with files.json. @throws Failure that names the first difference */
const checkFiles = async (folder: string, version: string, platform: string): Promise<void> => {
  const list = await readPackageList(folder);
  if (list.version !== version || list.platform !== platform)
    throw new Failure(`The package is ${list.version} for ${list.platform}, not ${version} for ${platform}.`);
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  const listed = new Set(['files.json', ...list.files.map((file) => file.path)]);
  const unknown = names.find((name) => !listed.has(name));
  if (unknown !== undefined) throw new Failure(`The package contains ${unknown}, which its list does not name.`);
  for (const { path: name, size, sha256, mode } of list.files) {
    const file = path.join(folder, name);
    const stat = await lstat(file).catch(() => undefined);
    if (stat?.isFile() !== true || stat.size !== size || (await sha256OfFile(file)) !== sha256)
      throw new Failure(`${name} of the package is not what its list says.`);
    await chmod(file, Number.parseInt(mode, 8));
  }
};

/** Starts the new version once, with all of its code. @throws Failure if it does not run on this machine */
const checkStarts = async (program: readonly string[], version: string): Promise<void> => {
  const [file = '', ...args] = program;
  const { stdout } = await run(file, [...args, 'self-check'], { env: {}, timeout: startsWithinMs }).catch(
    (error: unknown) => {
      throw new Failure(`Version ${version} does not start on this machine: ${describeError(error)}`);
    },
  );
  if (stdout.trim() !== version) throw new Failure(`Version ${version} calls itself ${stdout.trim()}.`);
};

/** Unpacks a verified archive into a new folder. @throws Failure */
export const unpack = async (archive: string, folder: string): Promise<void> => {
  await mkdir(folder, { mode: 0o755 });
  await run('tar', ['-xzf', archive, '-C', folder, '--no-same-owner']).catch((error: unknown) => {
    throw new Failure(`The package could not be unpacked: ${describeError(error)}`);
  });
};

/**
 * Brings a version into the installation. `fill` puts its files into a new folder. A version that is there already is replaced only if its
 * files differ.
 * @throws Failure if the content is not what its list says, or does not start here; the installation is unchanged then
 */
export const installVersion = async (
  installation: Installation,
  { version, platform }: { version: string; platform: string },
  fill: (folder: string) => Promise<void>,
): Promise<void> => {
  const target = path.join(installation.versions, version);
  const isThere = await checkFiles(target, version, platform).then(
    () => true,
    () => false,
  );
  if (isThere) return checkStarts(programOf(installation, version), version);
  const work = path.join(installation.versions, `.update.${process.pid}.unpacked`);
  await rm(work, { recursive: true, force: true });
  try {
    await fill(work);
    await checkFiles(work, version, platform);
    await checkStarts(programOf({ versions: installation.versions }, path.basename(work)), version);
    await rm(target, { recursive: true, force: true });
    await rename(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
