import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoBinaryDownloadUrl } from 'mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl.js';
import { type Fetching, fetchFile, fetchText } from './fetch-file.ts';
import type { KnownServer } from './known-servers.ts';
import { runProgram } from './run-program.ts';

const unpackWithinMs = 120_000;

interface Release {
  readonly url: string;
  /** URL of the vendor's checksums, one line `<hex>  <file>` for each file. */
  readonly checksumsUrl: string;
}

const natsArch: Record<string, string> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm7',
  s390x: 's390x',
  ppc64: 'ppc64le',
};

const release = async (server: KnownServer): Promise<Release> => {
  if (server.name === 'mongod') {
    const { platform, arch } = process;
    const url = await new MongoBinaryDownloadUrl({ platform, arch, version: server.vendorVersion }).getDownloadUrl();
    return { url, checksumsUrl: `${url}.sha256` };
  }
  const arch = natsArch[process.arch];
  if (arch === undefined) throw new Error(`no release for ${process.arch}`);
  const folder = `https://github.com/nats-io/nats-server/releases/download/v${server.vendorVersion}`;
  return {
    url: `${folder}/nats-server-v${server.vendorVersion}-${process.platform}-${arch}.tar.gz`,
    checksumsUrl: `${folder}/SHA256SUMS`,
  };
};

/** Finds the checksum of `file` in lines of `<hex>  <file>`. */
export const checksumOf = (checksums: string, file: string): string => {
  for (const line of checksums.split('\n')) {
    const [sha256 = '', name = ''] = line.trim().split(/\s+\*?/);
    if (name === file && /^[0-9a-f]{64}$/i.test(sha256)) return sha256.toLowerCase();
  }
  throw new Error(`the vendor's list of checksums does not name ${file}`);
};

const findFile = (folder: string, name: string): string => {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && entry.name === name) return join(entry.parentPath, entry.name);
  throw new Error(`the vendor's release does not hold ${name}`);
};

/** Downloads the vendor's release into `folder` and checks it against the vendor's checksum. Returns the path of the program. */
export const fetchVendorRelease = async (
  server: KnownServer,
  folder: string,
  { environment, signal, say }: Fetching,
): Promise<string> => {
  const { url, checksumsUrl } = await release(server);
  const file = url.slice(url.lastIndexOf('/') + 1);
  const sha256 = checksumOf(await fetchText(checksumsUrl, signal), file);
  const archive = join(folder, file);
  let shown = 0;
  await fetchFile(url, archive, sha256, signal, (received, total) => {
    const tenth = total === undefined ? Math.floor(received / 1e7) : Math.floor((received / total) * 10);
    if (tenth <= shown) return;
    shown = tenth;
    const megabytes = (received / 1e6).toFixed(0);
    say(`fetching ${file}: ${megabytes}${total === undefined ? '' : ` of ${(total / 1e6).toFixed(0)}`} MB`);
  });
  await runProgram('tar', ['-xzf', archive, '-C', folder], { timeoutMs: unpackWithinMs, environment, signal });
  return findFile(folder, server.name);
};
