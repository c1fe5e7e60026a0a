/**
 * npm writes only those optional packages of other platforms into the lock file that its registry had when it was written,
 * then `npm ci` refuses the file elsewhere. These functions say what a lock lacks, and add it.
 */
import { z } from 'zod';

const Package = z.looseObject({
  dev: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});

/** As much of package-lock.json (version 3) as matters here; the rest passes through. */
export const Lock = z.looseObject({ packages: z.record(z.string(), Package) });
export type Lock = z.output<typeof Lock>;

interface Missing {
  readonly name: string;
  readonly range: string;
  readonly dev: boolean;
}

const systems = 'aix android darwin freebsd linux netbsd openbsd openharmony sunos win32'.split(' ');
const processors = 'arm arm64 ia32 loong64 mips64el ppc64 riscv64 s390x wasm32 x64'.split(' ');
const otherNames: Readonly<Record<string, string>> = {
  windows: 'win32',
  win: 'win32',
  '64': 'x64',
  x86_64: 'x64',
  amd64: 'x64',
  aarch64: 'arm64',
};
const libcs: Readonly<Record<string, string>> = { musl: 'musl', gnu: 'glibc' };

/** Whether `name` is found from the package at `from`, as Node looks it up: in each node_modules on the way to the root. */
const isResolved = (packages: Lock['packages'], from: string, name: string): boolean => {
  const inside = from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`;
  if (packages[inside] !== undefined) return true;
  if (from === '') return false;
  const above = from.lastIndexOf('/node_modules/');
  return isResolved(packages, above === -1 ? '' : from.slice(0, above), name);
};

/** The optional dependencies without an entry. */
export const missingOptionals = (lock: Lock): Missing[] => {
  const missing = new Map<string, Missing>();
  for (const [from, { optionalDependencies = {}, dev }] of Object.entries(lock.packages))
    for (const [name, range] of Object.entries(optionalDependencies))
      if (!isResolved(lock.packages, from, name)) missing.set(name, { name, range, dev: dev === true });
  return [...missing.values()];
};

/** An entry without a source: npm finds that where the package can be had. The platform follows from the name. */
const entryOf = ({ name, range, dev }: Missing): Record<string, unknown> => {
  const words = name
    .toLowerCase()
    .split(/[-/@.]/)
    .map((word) => otherNames[word] ?? word);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  const libc = words.map((word) => libcs[word]).find((found) => found !== undefined);
  return {
    version: range.replace(/^[\^~]/, ''),
    ...(dev && { dev: true }),
    optional: true,
    ...(os !== undefined && { os: [os] }),
    ...(cpu !== undefined && { cpu: [cpu] }),
    ...(libc !== undefined && { libc: [libc] }),
  };
};

/** The lock with an entry for each missing optional package, in npm's order, and how many were added. */
export const completeLock = (lock: Lock): { lock: Lock; added: number } => {
  const added = missingOptionals(lock).map((missing) => [`node_modules/${missing.name}`, entryOf(missing)] as const);
  const packages = [...Object.entries(lock.packages), ...added].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { lock: { ...lock, packages: Object.fromEntries(packages) }, added: added.length };
};
