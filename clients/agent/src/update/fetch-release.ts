import { createWriteStream } from 'node:fs';
import { rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isLoopback } from '@webxterm/contracts/loopback';
import type { AgentConfig } from '../configuration/agent-config.ts';
import { describeError, Failure } from '../failure.ts';
import { requestHost, type Trust } from '../link/ask-host.ts';
import type { ProxySettings } from '../link/proxy.ts';
import { type Release, readRelease } from '../release/release.ts';
import type { Installation } from './installation.ts';
import { sha256OfFile } from './unpack.ts';

/** A connection that brings no byte for this time is given up. The next attempt continues where it ended. */
const silentMs = 30_000;
const attempts = 5;
const maxManifest = 64 * 1024;
/** Unpacked size of a package in relation to its archive, with room for the installed versions to grow. */
const spacePerArchive = 5;

/** The release cannot be had now: another attempt later may succeed. */
export class Postponed extends Failure {}

/** The release manifests of an installation, below /agent/ on its server. */
export const channels = { stable: 'manifest.json', preview: 'preview/manifest.json' } as const;
export type Channel = keyof typeof channels;

/** How the server of this machine is reached. */
export type Source = { host: string; trust: Trust; proxy: ProxySettings };

/** @throws Failure for http to another machine, where anybody in between could answer */
export const sourceOf = (
  config: Pick<AgentConfig, 'host' | 'ca' | 'proxy' | 'no_proxy'>,
  proxy: ProxySettings,
): Source => {
  const { host, ca } = config;
  if (!host.startsWith('https:') && !isLoopback(new URL(host).hostname))
    throw new Failure(
      `${host} is plain http, and by http no package is taken: configure the agent with the https address.`,
    );
  return {
    host,
    trust: ca === undefined ? 'public' : { ca },
    proxy: { proxy: config.proxy ?? proxy.proxy, no_proxy: config.no_proxy ?? proxy.no_proxy },
  };
};

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

/** Bytes of a partial download, 0 without one. */
const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => ({ size: 0 }))).size;

/** Passes bytes on at most at this rate. 0: no limit. */
const atRate = (bytesPerSecond: number) =>
  async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (bytesPerSecond > 0) await delay((chunk.length / bytesPerSecond) * 1000);
      yield chunk;
    }
  };

/** Appends the missing part. @throws Error if the connection fails */
const fetchRest = async (
  { host, trust, proxy }: Source,
  { name, file, bytesPerSecond }: { name: string; file: string; bytesPerSecond: number },
): Promise<void> => {
  const from = await sizeOf(file);
  const headers = from === 0 ? {} : { range: `bytes=${from}-` };
  const response = await requestHost(`${host}/agent/${name}`, { trust, proxy, silentMs, headers });
  if (response.statusCode !== 200 && response.statusCode !== 206) {
    response.destroy();
    throw new Postponed(
      `${host} answers ${response.statusCode} for ${name}: the release may be in the middle of a change.`,
    );
  }
  const end = createWriteStream(file, { flags: response.statusCode === 206 ? 'a' : 'w', mode: 0o600 });
  await pipeline(response, atRate(bytesPerSecond), end);
};

/**
 * Fetches the archive of this platform. An interrupted download continues, also in a later call.
 * @returns the file, whose hash is that of the manifest
 * @throws Failure; no file with other content is left
 */
export const fetchArchive = async (
  source: Source,
  installation: Installation,
  { release, platform, bytesPerSecond }: { release: Release; platform: string; bytesPerSecond: number },
) => {
  const listed = release.files.find((file) => file.platform === platform);
  if (listed === undefined) throw new Failure(`The release has no package for ${platform}.`);
  const file = path.join(installation.versions, `.download.${listed.sha256}`);
  const { bavail, bsize } = await statfs(installation.versions);
  if (bavail * bsize < listed.size * spacePerArchive)
    throw new Postponed(
      `There is too little space below ${installation.folder}: ${Math.round((listed.size * spacePerArchive) / 1e6)} MB are needed.`,
    );
  let problem = '';
  for (let attempt = 1; attempt <= attempts && (await sizeOf(file)) < listed.size; attempt += 1)
    await fetchRest(source, { name: listed.path, file, bytesPerSecond }).catch((error: unknown) => {
      if (error instanceof Failure) throw error;
      problem = describeError(error);
    });
  const size = await sizeOf(file);
  if (size < listed.size)
    throw new Postponed(
      `The download stopped after ${size} of ${listed.size} bytes (${problem}). It goes on at the next update.`,
    );
  if (size > listed.size || (await sha256OfFile(file)) !== listed.sha256) {
    await rm(file, { force: true });
    throw new Failure('The package is not what was signed: its hash is another one. Nothing was installed.');
  }
  return file;
};
