import { createHash } from 'node:crypto';
import { projectFolder } from './compose.ts';
import { docker, inspect, nodeInImage } from './docker.ts';

/** The images of this checkout: an engine has one name for all who build on it. The same in each run, so that none is left over. */
export const imageTag = `test-${createHash('sha256').update(projectFolder).digest('hex').slice(0, 8)}`;

export const imageOf = (name: string): string => `webxterm/${name}:${imageTag}`;

/** The size that an image may add to its public base image, in MB of 10^6 bytes: a package that is not meant to be there exceeds it. */
export const imageBudgets: Readonly<Record<string, number>> = {
  // The package for machines. Node, which the base of the others contains, is 109 MB of it.
  agent: 114,
  // 84 MB of them are the agent's packages of both platforms.
  gateway: 131,
  terminal: 45,
  'agent-hub': 45,
  auth: 48,
  setup: 56,
};
export const baseImage = 'node:24-bookworm-slim';
const baseOf = (name: string): string => (name === 'agent' ? 'debian:bookworm-slim' : baseImage);

/** Where an image has its program and its SBOM, and the Node that runs it. */
const placesIn = (name: string): { folder: string; node: string } =>
  name === 'agent'
    ? { folder: '/opt/vsay-agent/current', node: '/opt/vsay-agent/current/bin/node' }
    : { folder: '/app', node: 'node' };

const megabytes = async (image: string): Promise<number> => Number(await inspect(image, '{{.Size}}')) / 1e6;

/** @returns MB above the base image */
export const addedBy = async (name: string): Promise<number> =>
  (await megabytes(imageOf(name))) - (await megabytes(baseOf(name)));

export interface ImageConfig {
  readonly User: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly Env: readonly string[];
}

export const configOf = async (name: string): Promise<ImageConfig> =>
  JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config}}', imageOf(name)));

const runIn = (name: string, program: string): Promise<string> => {
  const { folder, node } = placesIn(name);
  const walk = `
  const { readdirSync, readFileSync } = require('node:fs');
  const files = readdirSync('${folder}', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => entry.parentPath + '/' + entry.name);`;
  return nodeInImage(imageOf(name), `${walk}${program}`, node);
};

/** Files of ours in the image, without those of packages. */
export const ownFiles = async (name: string): Promise<string[]> =>
  JSON.parse(
    await runIn(name, "console.log(JSON.stringify(paths.filter((path) => !path.includes('/node_modules/'))))"),
  );

/** `name@version` of each package that lies in the image, and of each that its SBOM lists. */
export const packagesOf = async (name: string): Promise<{ present: string[]; listed: string[] }> =>
  JSON.parse(
    await runIn(
      name,
      `
      const packages = paths.filter((path) => /\\/node_modules\\/(@[^/]+\\/)?[^/@]+\\/package\\.json$/.test(path));
      const read = packages.map((path) => JSON.parse(readFileSync(path, 'utf8')));
      const named = (all) => [...new Set(all.map(({ name, version }) => name + '@' + version))].sort();
      const { components } = JSON.parse(readFileSync('${placesIn(name).folder}/sbom.cdx.json', 'utf8'));
      console.log(JSON.stringify({ present: named(read), listed: named(components) }));`,
    ),
  );
