import { docker, inspect, nodeInImage } from './docker.ts';

/** What an image may add to the public base image, MB of 10^6 bytes: a package that is not meant to be there breaks it. */
export const imageBudgets: Readonly<Record<string, number>> = {
  'webxterm/agent': 28,
  'webxterm/gateway': 46,
  'webxterm/terminal': 60,
  'webxterm/agent-hub': 60,
  'webxterm/auth': 60,
  'webxterm/setup': 60,
};
export const baseImage = 'node:24-bookworm-slim';

const megabytes = async (image: string): Promise<number> => Number(await inspect(image, '{{.Size}}')) / 1e6;

/** @returns MB above the base image */
export const addedBy = async (image: string): Promise<number> =>
  (await megabytes(image)) - (await megabytes(baseImage));

export interface ImageConfig {
  readonly User: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly Env: readonly string[];
}

export const configOf = async (image: string): Promise<ImageConfig> =>
  JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config}}', image));

const walk = `
  const { readdirSync, readFileSync } = require('node:fs');
  const files = readdirSync('/app', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => entry.parentPath + '/' + entry.name);`;

/** Files of ours in the image, without those of packages. */
export const ownFiles = async (image: string): Promise<string[]> =>
  JSON.parse(
    await nodeInImage(
      image,
      `${walk} console.log(JSON.stringify(paths.filter((path) => !path.includes('/node_modules/'))))`,
    ),
  );

/** `name@version` of each package that lies in the image, and of each that its SBOM lists. */
export const packagesOf = async (image: string): Promise<{ present: string[]; listed: string[] }> =>
  JSON.parse(
    await nodeInImage(
      image,
      `${walk}
      const packages = paths.filter((path) => /\\/node_modules\\/(@[^/]+\\/)?[^/@]+\\/package\\.json$/.test(path));
      const read = packages.map((path) => JSON.parse(readFileSync(path, 'utf8')));
      const named = (all) => [...new Set(all.map(({ name, version }) => name + '@' + version))].sort();
      const { components } = JSON.parse(readFileSync('/app/sbom.cdx.json', 'utf8'));
      console.log(JSON.stringify({ present: named(read), listed: named(components) }));`,
    ),
  );
