import { rm, stat, statfs } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { describeError, Failure } from '../failure.ts';
import { requestHost } from '../link/ask-host.ts';
import { type Release, type ReleaseFile, readRelease } from '../release/release.ts';
import { fetchRange, silentMs } from './fetch-range.ts';
import type { Installation } from './installation.ts';
import { Postponed, type Source } from './source.ts';
import { sha256OfFile } from './unpack.ts';

const maxManifest = 64 * 1024;
/** Unpacked size of a package in relation to its archive, with room for the installed versions to grow. */
const spacePerArchive = 5;

/** The release manifests of an installation, below /agent/ on its server. */
export const channels = { stable: 'manifest.json', preview: 'preview/manifest.json' } as const;
export type Channel = keyof typeof channels;

const getSmall = async ({ host, trust, proxy }: Source, name: string): Promise<Buffer> => {
  const url = `${host}/agent/${name}`;
  const response = await requestHost(url, { trust, proxy, silentMs }).catch((error: unknown) => {
    throw new Postponed(`${host} cannot be reached: ${describeError(error)}.`);
  });
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Postponed(
      response.statusCode === 503
        ? `${host} is still building the package. Try again in a minute.`
        : `${host} has no packages of the agent: it answers ${response.statusCode} for ${url}.`,
    );
  }
  if (Number(response.headers['content-length'] ?? 0) > maxManifest) {
    response.destroy();
    throw new Failure(`${url} is too long for a manifest.`);
  }
  return buffer(response);
};

export type FetchedRelease = { release: Release; manifest: Buffer };

/**
 * Fetches and verifies the release that the server offers to this installation.
 * @throws Failure if it cannot be fetched, or must not be installed: see `readRelease`
 */
export const fetchRelease = async (
  source: Source,
  installation: Installation,
  { channel, version, platform, now }: { channel: Channel; version: string; platform: string; now: number },
): Promise<FetchedRelease> => {
  const name = channels[channel];
  const [manifest, signature] = [await getSmall(source, name), await getSmall(source, `${name}.sig`)];
  const { releaseKey: publicKey, sequence: installed } = installation;
  const release = readRelease({ manifest, signature, publicKey, platform, now, channel, installed, replaces: version });
  return { release, manifest };
};

/** @throws Postponed if there is less space for an installation */
export const requireSpace = async (installation: Installation, bytes: number): Promise<void> => {
  const { bavail, bsize } = await statfs(installation.versions);
  if (bavail * bsize >= bytes) return;
  throw new Postponed(
    `There is too little space below ${installation.folder}: ${Math.round(bytes / 1e6)} MB are needed.`,
  );
};

/**
 * Fetches a whole archive. An interrupted download continues, also in a later call.
 * @returns the file, whose hash is that of the manifest
 * @throws Failure; no file with other content is left
 */
export const fetchArchive = async (
  source: Source,
  installation: Installation,
  { listed, bytesPerSecond }: { listed: ReleaseFile; bytesPerSecond: number },
): Promise<string> => {
  const file = installation.download(listed.sha256);
  await requireSpace(installation, listed.size * spacePerArchive);
  await fetchRange(source, { name: listed.path, file, offset: 0, length: listed.size, bytesPerSecond });
  if ((await stat(file)).size > listed.size || (await sha256OfFile(file)) !== listed.sha256) {
    await rm(file, { force: true });
    throw new Failure('The package is not what was signed: its hash is another one. Nothing was installed.');
  }
  return file;
};
