import { rm } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import type { ReleaseFile } from '../release/release.ts';
import { fetchChanged } from './fetch-changed.ts';
import { NoRanges } from './fetch-range.ts';
import { type Channel, fetchArchive, fetchRelease } from './fetch-release.ts';
import type { Installation } from './installation.ts';
import { Postponed, type Source } from './source.ts';
import { installVersion, unpack } from './unpack.ts';

/** `newest`: nothing to do. `failed`: the release is a version that failed here before. */
export type UpdateResult =
  | { kind: 'newest' | 'installed'; version: string }
  | { kind: 'failed'; version: string; why: string };

export type UpdateOptions = {
  platform: string;
  /** ms since 1970 */
  now: number;
  channel: Channel;
  /** Only this version. Undefined: the version that the channel has. */
  wanted?: string | undefined;
  /** Limit of the download, 0 for none. */
  bytesPerSecond: number;
};

/**
 * Brings the release of the server into the installation and makes it the current version, on trial. The running agent changes to it by
 * itself.
 * @throws Failure with the reason and what to do; the current version is unchanged then
 */
export const update = async (
  installation: Installation,
  source: Source,
  { platform, now, channel, wanted, bytesPerSecond }: UpdateOptions,
): Promise<UpdateResult> => {
  const { current } = installation;
  if (current === undefined)
    throw new Failure(`${installation.folder} has no current version: run the install command again.`);
  const { release, manifest } = await fetchRelease(source, installation, { channel, version: current, platform, now });
  const { version, sequence } = release;
  if (wanted !== undefined && version !== wanted)
    throw new Postponed(`The server has version ${version} in the channel ${channel} now, not ${wanted}.`);
  const before = installation.failed.find((each) => each.version === version);
  if (before !== undefined) return { kind: 'failed', version, why: before.why };
  if (version === current) {
    await installation.activate(version, { manifest, sequence });
    return { kind: 'newest', version };
  }
  const listed = release.files.find((file) => file.platform === platform);
  if (listed === undefined) throw new Failure(`The release has no package for ${platform}.`);
  await installation.sweep(listed.sha256);
  await installVersion(installation, { version, platform }, (folder) =>
    fetchInto(folder, { installation, source, listed, bytesPerSecond }),
  );
  await installation.activate(version, { manifest, sequence });
  await installation.sweep();
  return { kind: 'installed', version };
};

/** Fetches the files that differ from the installed versions, or all of them where that is not possible. */
const fetchInto = async (
  folder: string,
  {
    installation,
    source,
    listed,
    bytesPerSecond,
  }: { installation: Installation; source: Source; listed: ReleaseFile; bytesPerSecond: number },
): Promise<void> => {
  const fetched = await fetchChanged(source, installation, { listed, folder, bytesPerSecond }).catch(
    (error: unknown) => {
      if (error instanceof NoRanges) return undefined;
      throw error;
    },
  );
  if (fetched !== undefined) return;
  await rm(folder, { recursive: true, force: true });
  await unpack(await fetchArchive(source, installation, { listed, bytesPerSecond }), folder);
};
