// sbom.ts FOLDER NAME: a CycloneDX list of what npm installed below FOLDER, on stdout. `npm sbom --omit=dev --workspace` leaves out
// packages that are there (seen with npm 11: 83 of 238), and names the moment it ran, so that no two images would be alike.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface InstalledPackage {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

export interface Sbom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.5';
  readonly version: 1;
  readonly metadata: { readonly component: { readonly type: 'application'; readonly name: string } };
  readonly components: readonly SbomComponent[];
}

export interface SbomComponent {
  readonly type: 'library';
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly [{ readonly expression: string }];
  readonly hashes?: readonly { readonly alg: 'SHA-512'; readonly content: string }[];
}

/** `packages`: as npm keeps them in node_modules/.package-lock.json, by path. */
export const sbomOf = (name: string, packages: Readonly<Record<string, InstalledPackage>>): Sbom => {
  const components = new Map<string, SbomComponent>();
  for (const [path, { version, license, integrity, link }] of Object.entries(packages)) {
    const [, packageName] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? [];
    if (packageName === undefined || version === undefined || link === true) continue;
    const purl = `pkg:npm/${packageName.replace('@', '%40')}@${version}`;
    const [, sha512] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
    components.set(purl, {
      type: 'library',
      name: packageName,
      version,
      purl,
      ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
      ...(sha512 === undefined
        ? {}
        : { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] }),
    });
  }
  const sorted = [...components.values()].sort((one, other) => (one.purl < other.purl ? -1 : 1));
  const component = { type: 'application', name } as const;
  return { bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, metadata: { component }, components: sorted };
};

if (import.meta.main) {
  const [folder = '.', name = 'webxterm'] = process.argv.slice(2);
  const { packages }: { packages: Record<string, InstalledPackage> } = JSON.parse(
    readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8'),
  );
  // Files that were removed since are no part of it.
  const present = Object.fromEntries(Object.entries(packages).filter(([path]) => existsSync(join(folder, path))));
  console.log(JSON.stringify(sbomOf(name, present), undefined, 1));
}
