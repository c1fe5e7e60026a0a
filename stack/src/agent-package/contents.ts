import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sbomOf } from '../../../scripts/sbom.ts';
import type { Bundle } from './bundle.ts';
import { lockedPackage, type PinnedPackage, type Platform } from './pinned-packages.ts';

/** A file of the package. */
export interface PackedFile {
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  readonly content: Buffer;
}

/** A package without its list. */
export interface PackageContents {
  readonly version: string;
  readonly platform: Platform;
  readonly files: readonly PackedFile[];
}

/** Where an archive has the content of a file, as a gzip member. In bytes. */
export interface Part {
  readonly offset: number;
  readonly length: number;
}

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** Clears the environment variables that would make Node run other code before the agent, as the systemd unit does. */
const launcher = `#!/bin/sh
unset NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE NODE_INSPECT_RESUME_ON_START
here=$(dirname -- "$(readlink -f -- "$0")")
root=$here/../../..
if [ "$1" = start ] && [ -e "$root/trial.json" ] && [ "$here" = "$(readlink -f -- "$root/current/bin")" ]; then
  "$root/last-good/bin/vsay-agent" count-launch || :
  here=$(readlink -f -- "$root/current/bin")
fi
exec "$here/node" --disable-sigusr1 --max-semi-space-size=1 "$here/../lib/agent.js" "$@"
`;

const packageVersion = (root: string): string => {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'clients/agent/package.json'), 'utf8'));
  return version;
};

/** `0.1.0+` and 12 digits of a hash of all inputs of the package. Equal on every platform. */
export const versionOf = (root: string, bundle: Bundle, pinned: readonly PinnedPackage[]): string => {
  const files = [...bundle.files].sort().map(([name, code]) => [name, sha256(code)]);
  const packages = pinned.map(({ name, integrity }) => [name, integrity]);
  const hash = sha256(JSON.stringify([files, packages, launcher]));
  return `${packageVersion(root)}+${hash.slice(0, 12)}`;
};

const licencesText = (root: string, licences: ReadonlyMap<string, string>): string => {
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').trim();
  const all = [['WebXTerm agent', own], ...[...licences].sort()];
  return `${all.map(([name, text]) => `==== ${name}\n\n${text}\n`).join('\n')}`;
};

/** CycloneDX list of what the package contains: the bundled packages, Node and node-pty, with licence and hash of npm. */
const sbomText = (root: string, bundle: Bundle, binaries: readonly (PinnedPackage & { license: string })[]): string => {
  const bundled = bundle.packages.map((path) => [path, lockedPackage(root, path)] as const);
  const added = binaries.map((each) => [`node_modules/${each.name}`, each] as const);
  return `${JSON.stringify(sbomOf('vsay-agent', Object.fromEntries([...bundled, ...added])), undefined, 1)}\n`;
};

/** The files of a platform's package in packing order. files.json lists all others. */
export const packageContents = (
  root: string,
  options: {
    bundle: Bundle;
    version: string;
    platform: Platform;
    node: { package: PinnedPackage; binary: Buffer; licence: string };
    pty: { package: PinnedPackage; binary: Buffer; licence: string };
  },
): PackageContents => {
  const { bundle, version, platform, node, pty } = options;
  const licences = new Map(bundle.licences);
  for (const { package: packed, licence } of [node, pty]) licences.set(`${packed.name}@${packed.version}`, licence);
  const text = (path: string, content: string, mode: 0o644 | 0o755 = 0o644): PackedFile => ({
    path,
    mode,
    content: Buffer.from(content),
  });
  const files: PackedFile[] = [
    ...[...bundle.files].map(([name, code]) => text(`lib/${name}`, code)),
    text('LICENSES', licencesText(root, licences)),
    text(
      'sbom.cdx.json',
      sbomText(root, bundle, [
        { ...node.package, license: 'MIT' },
        { ...pty.package, license: 'MIT' },
      ]),
    ),
    text('bin/vsay-agent', launcher, 0o755),
    text('package.json', `${JSON.stringify({ name: 'vsay-agent', version, type: 'module', license: 'Apache-2.0' })}\n`),
    { path: 'bin/node', mode: 0o755, content: node.binary },
    { path: 'pty.node', mode: 0o644, content: pty.binary },
  ];
  files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { version, platform, files };
};

/** files.json: all other files of the package, and the parts of the archive that have their content. */
export const listFile = (
  { version, platform, files }: PackageContents,
  parts: ReadonlyMap<string, Part>,
): PackedFile => {
  const listed = files.map(({ path, mode, content }) => ({
    path,
    size: content.length,
    sha256: sha256(content),
    mode: mode.toString(8).padStart(4, '0'),
    part: parts.get(path),
  }));
  const content = Buffer.from(`${JSON.stringify({ version, platform, files: listed }, null, 1)}\n`);
  return { path: 'files.json', mode: 0o644, content };
};
