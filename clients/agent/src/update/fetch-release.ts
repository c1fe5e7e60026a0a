import { createWriteStream } from 'node:fs';
import { rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
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
    throw new Failure(`${host} cannot be reached: ${describeError(error)}.`);
  });
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Failure(
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
  { version, platform, now }: { version: string; platform: string; now: number },
): Promise<FetchedRelease> => {
  const [manifest, signature] = [await getSmall(source, 'manifest.json'), await getSmall(source, 'manifest.json.sig')];
  const { releaseKey: publicKey, sequence: installed } = installation;
  const release = readRelease({ manifest, signature, publicKey, platform, now, installed, replaces: version });
  return { release, manifest };
};

/** Bytes of a partial download, 0 without one. */
const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => ({ size: 0 }))).size;

/** Appends the missing part. @throws Error if the connection fails */
const fetchRest = async ({ host, trust, proxy }: Source, name: string, file: string): Promise<void> => {
  const from = await sizeOf(file);
  const headers = from === 0 ? {} : { range: `bytes=${from}-` };
  const response = await requestHost(`${host}/agent/${name}`, { trust, proxy, silentMs, headers });
  if (response.statusCode !== 200 && response.statusCode !== 206) {
    response.destroy();
    throw new Failure(
      `${host} answers ${response.statusCode} for ${name}: the release may be in the middle of a change.`,
    );
  }
  await pipeline(response, createWriteStream(file, { flags: response.statusCode === 206 ? 'a' : 'w', mode: 0o600 }));
};

/**
 * Fetches the archive of this platform. An interrupted download continues, also in a later call.
 * @returns the file, whose hash is that of the manifest
 * @throws Failure; no file with other content is left
 */
export const fetchArchive = async (source: Source, installation: Installation, release: Release, platform: string) => {
  const listed = release.files.find((file) => file.platform === platform);
  if (listed === undefined) throw new Failure(`The release has no package for ${platform}.`);
  const file = path.join(installation.versions, `.download.${listed.sha256}`);
  const { bavail, bsize } = await statfs(installation.versions);
  if (bavail * bsize < listed.size * spacePerArchive)
    throw new Failure(
      `There is too little space below ${installation.folder}: ${Math.round((listed.size * spacePerArchive) / 1e6)} MB are needed.`,
    );
  let problem = '';
  for (let attempt = 1; attempt <= attempts && (await sizeOf(file)) < listed.size; attempt += 1)
    await fetchRest(source, listed.path, file).catch((error: unknown) => {
      if (error instanceof Failure) throw error;
      problem = describeError(error);
    });
  const size = await sizeOf(file);
  if (size < listed.size)
    throw new Failure(
      `The download stopped after ${size} of ${listed.size} bytes (${problem}). It goes on at the next update.`,
    );
  if (size > listed.size || (await sha256OfFile(file)) !== listed.sha256) {
    await rm(file, { force: true });
    throw new Failure('The package is not what was signed: its hash is another one. Nothing was installed.');
  }
  return file;
};
