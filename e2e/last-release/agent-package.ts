import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runProgram } from '../../stack/src/binaries/run-program.ts';
import { projectFolder } from '../../stack/src/project-folder.ts';
import { ownEnvironment } from '../../stack/src/settings.ts';

/** The package of the last release: the commit, and for each platform the hash of the content (`contentHash`). */
export interface RecordedPackage {
  readonly commit: string;
  readonly content: Readonly<Record<string, string>>;
}

const builtWithinMs = 15 * 60_000;

/**
 * SHA-256 of the files of an unpacked package: path and content of each, and whether it is a program. files.json is left out: it has the offsets of the archive,
 * which depend on the zlib of the Node that packed it.
 */
export const contentHash = (folder: string): string => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const paths = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort();
  const hash = createHash('sha256');
  for (const path of paths.filter((each) => each !== 'files.json')) {
    const file = join(folder, path);
    const isProgram = (statSync(file).mode & 0o100) !== 0;
    const content = createHash('sha256').update(readFileSync(file)).digest('hex');
    hash.update(`${path}\0${isProgram ? 'x' : '-'}\0${content}\n`);
  }
  return hash.digest('hex');
};

const run = (program: string, args: readonly string[]): Promise<string> =>
  runProgram(program, args, { timeoutMs: builtWithinMs, environment: ownEnvironment() });

/** Checks the commit out, and has its own packaging command build the package with its own locked dependencies. @returns the unpacked package */
const buildAt = async (commit: string, platform: string, work: string): Promise<string> => {
  const [checkout, out, unpacked] = [join(work, 'checkout'), join(work, 'out'), join(work, 'package')];
  for (const folder of [checkout, unpacked]) mkdirSync(folder);
  await run('git', ['-C', projectFolder, 'archive', '--output', join(work, 'sources.tar'), commit]);
  await run('tar', ['-xf', join(work, 'sources.tar'), '-C', checkout]);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['ci', '--prefix', checkout, '--workspace', 'stack', '--workspace', 'clients/agent', ...quiet]);
  const program = join(checkout, 'stack/src/agent-package/main.ts');
  await run(process.execPath, ['--disable-sigusr1', program, '--platform', platform, '--out', out]);
  const archive = readdirSync(out).find((name) => name.endsWith('.tar.gz')) ?? '';
  await run('tar', ['-xzf', join(out, archive), '-C', unpacked, '--no-same-owner']);
  return unpacked;
};

/**
 * The unpacked package of a recorded commit, built once and kept in `cache`. Its content is compared with the record before each use.
 * @throws Error if the commit is not in the history here, if it cannot be built, or if the content is another one
 */
export const packageOf = async (
  { commit, content }: RecordedPackage,
  platform: string,
  cache: string,
): Promise<string> => {
  const recorded = content[platform];
  if (recorded === undefined) throw new Error(`no package of ${commit} for ${platform} is recorded`);
  const kept = join(cache, recorded);
  if (!existsSync(kept)) {
    // Not in the cache: Node runs no TypeScript below a folder node_modules.
    const work = mkdtempSync(join(tmpdir(), 'agent-package-'));
    try {
      const fresh = `${kept}.${process.pid}.new`;
      mkdirSync(cache, { recursive: true });
      cpSync(await buildAt(commit, platform, work), fresh, { recursive: true });
      renameSync(fresh, kept);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const found = contentHash(kept);
  if (found === recorded) return kept;
  rmSync(kept, { recursive: true });
  throw new Error(`the package of ${commit} for ${platform} has the content ${found} instead of ${recorded}: not used`);
};
