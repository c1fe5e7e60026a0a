import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';

/** Entry points: programs and threads that are started by file name. All other output is a chunk of them. */
const entries = {
  agent: 'clients/agent/src/main.ts',
  'file-helper': 'clients/agent/src/file-helper/main.ts',
  'sftp-helper': 'clients/agent/src/sftp-helper/main.ts',
  'screen-worker': 'clients/agent/src/screen/screen-worker.ts',
  'verify-release': 'clients/agent/src/release/verify-release.ts',
};

export interface Bundle {
  /** JavaScript by file name. */
  readonly files: ReadonlyMap<string, string>;
  /** Licence texts of the bundled packages, by `name@version`. */
  readonly licences: ReadonlyMap<string, string>;
  /** Paths of the bundled packages as in package-lock.json: `node_modules/…`. */
  readonly packages: readonly string[];
}

/** `…/node_modules/@scope/name` of a module. Undefined for modules of the project. */
const packageFolderOf = (module: string): string | undefined => {
  const at = module.lastIndexOf(`${sep}node_modules${sep}`);
  if (at === -1) return undefined;
  const [first = '', second = ''] = module.slice(at + `${sep}node_modules${sep}`.length).split(sep);
  return join(module.slice(0, at), 'node_modules', first.startsWith('@') ? join(first, second) : first);
};

const licenceOf = (folder: string): [string, string] => {
  const { name, version, license }: { name: string; version: string; license?: string } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)(\.|-|$)/i.test(file));
  if (texts.length === 0 && license === undefined) throw new Error(`${name}@${version} names no licence`);
  const text = texts.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`${name}@${version}`, text.length > 0 ? text.join('\n\n') : `Licence: ${license}`];
};

/** Bundles the agent of the checkout at `root`. Equal sources give equal bytes. @throws Error for an import that does not resolve */
export const bundleAgent = async (root: string): Promise<Bundle> => {
  const build = await rolldown({
    cwd: root,
    input: entries,
    platform: 'node',
    // grpc-js loads the first only to serve its own state by gRPC, which the agent does not do. The others are native parts of ssh2, which goes
    // on without.
    external: ['@grpc/proto-loader', 'cpu-features', /sshcrypto\.node$/],
    // A part of ssh2 reads it when it is loaded.
    transform: { define: { __dirname: 'import.meta.dirname' } },
    onLog: (_level, log) => {
      throw new Error(`the agent cannot be bundled: ${log.message}`);
    },
  });
  try {
    const { output } = await build.generate({
      format: 'esm',
      comments: { legal: false },
      minify: true,
      keepNames: true,
    });
    const files = new Map<string, string>();
    const folders = new Set<string>();
    for (const chunk of output) {
      if (chunk.type !== 'chunk') throw new Error(`the bundle holds ${chunk.fileName}, which is no JavaScript`);
      files.set(chunk.fileName, chunk.code);
      for (const module of chunk.moduleIds) {
        const folder = packageFolderOf(module);
        if (folder !== undefined) folders.add(folder);
      }
    }
    const licences = new Map([...folders].sort().map(licenceOf));
    const packages = [...folders].sort().map((folder) => relative(root, folder).replaceAll(sep, '/'));
    return { files, licences, packages };
  } finally {
    await build.close();
  }
};
