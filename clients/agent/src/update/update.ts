import { rm } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { type Channel, fetchArchive, fetchRelease, Postponed, type Source } from './fetch-release.ts';
import type { Installation } from './installation.ts';
import { unpack } from './unpack.ts';

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
  await installation.sweep();
  const archive = await fetchArchive(source, installation, { release, platform, bytesPerSecond });
  try {
    await unpack(installation, { archive, version, platform });
  } finally {
    await rm(archive, { force: true });
  }
  await installation.activate(version, { manifest, sequence });
  return { kind: 'installed', version };
};
