// npm run package:agent: builds the agent's packages for Linux on x64 and arm64 into clients/agent/dist. With --publish they become the
// release that an installation's gateway serves, signed with the installation's key. `npm start` runs it with --publish.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { exitForUsage, exitWithHelp, parseCommandLine, UsageError } from '@webxterm/shared/command-line';
import { reasonOf } from '../failure.ts';
import { projectFolder } from '../project-folder.ts';
import { ownEnvironment } from '../settings.ts';
import { buildPackage } from './build-package.ts';
import type { BuiltPackage } from './built-package.ts';
import { bundleAgent } from './bundle.ts';
import { type Channel, channels } from './manifest.ts';
import { type Platform, platforms } from './pinned-packages.ts';
import { publishInstaller, publishRelease } from './publish.ts';
import { keepReleaseKey } from './release-key.ts';

/** Largest allowed archive, bytes. It limits the wait on a slow line. */
const largestArchive = 45_000_000;
const lowestPriority = 19;

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const usage = `Usage: npm run package:agent -- [options]

Builds the packages of the agent for Linux on x64 and arm64.

Options:
  --platform PLATFORM  builds this one only; can be repeated (${platforms.join(', ')})
  --out FOLDER         where the packages are written (clients/agent/dist)
  --publish FOLDER     makes them the release that the gateway serves from this folder; needs --key and --host
  --channel CHANNEL    the channel of the release: ${channels.join(' or ')} (${channels[0]})
  --key FILE           the release key, which is created if the file does not exist
  --host URL           the public URL of the installation
  --background         runs at the lowest CPU priority
  -h, --help           show this text and build nothing

Settings, from the environment: those of npm, which fetches the parts of the packages

Examples:
  npm run package:agent
  npm run package:agent -- --platform ${platforms[0]} --out /tmp/packages`;

const options = {
  platform: { type: 'string', multiple: true, default: [...platforms] as string[] },
  out: { type: 'string', default: join(projectFolder, 'clients/agent/dist') },
  publish: { type: 'string' },
  channel: { type: 'string', default: channels[0] as string },
  key: { type: 'string' },
  host: { type: 'string' },
  background: { type: 'boolean', default: false },
} as const;

const readOptions = () => {
  try {
    const { values } = parseCommandLine(process.argv.slice(2), { options, positionals: 0 });
    if (values.help) return exitWithHelp(usage);
    const unknown = values.platform.find((name) => !platforms.some((platform) => platform === name));
    if (unknown !== undefined) throw new UsageError(`--platform must be ${platforms.join(' or ')}, not '${unknown}'`);
    if (!channels.some((channel) => channel === values.channel))
      throw new UsageError(`--channel must be ${channels.join(' or ')}, not '${values.channel}'`);
    if (values.publish !== undefined && (values.key === undefined || values.host === undefined))
      throw new UsageError('--publish needs --key and --host');
    return values;
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

const values = readOptions();

/** The platforms of the arguments, and those that a machine requested earlier. */
const wantedPlatforms = (): Platform[] => {
  const folder = values.publish === undefined ? undefined : join(values.publish, 'wanted');
  const asked = folder !== undefined && existsSync(folder) ? readdirSync(folder) : [];
  return platforms.filter((platform) => values.platform.includes(platform) || asked.includes(platform));
};

const build = async (): Promise<BuiltPackage[]> => {
  const bundle = await bundleAgent(projectFolder);
  const options = { root: projectFolder, bundle, folder: values.out, environment: ownEnvironment() };
  const packages: BuiltPackage[] = [];
  for (const platform of wantedPlatforms()) {
    const startedAt = performance.now();
    const built = await buildPackage(platform, options);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const size = `${megabytes(built.size)} of at most ${megabytes(largestArchive)}`;
    say(`${built.file}: ${size}, unpacked ${megabytes(built.unpacked)}, ${seconds} s`);
    if (built.size > largestArchive) throw new Error(`the archive for ${platform} is larger than its budget`);
    packages.push(built);
  }
  return packages;
};

const run = async (): Promise<void> => {
  const { publish: folder, key: keyFile, host, out } = values;
  if (folder === undefined) return void (await build());
  if (keyFile === undefined || host === undefined) throw new Error('--publish needs --key and --host');
  mkdirSync(join(folder, 'wanted'), { recursive: true });
  const key = keepReleaseKey(keyFile);
  publishInstaller(folder, readFileSync(join(import.meta.dirname, 'install.sh'), 'utf8'), host, key);
  const channel: Channel = values.channel === 'preview' ? 'preview' : 'stable';
  const packages = await build();
  const { version, sequence } = publishRelease({ folder, key, built: out, packages, now: Date.now(), channel });
  say(`published: release ${sequence}, version ${version}`);
};

if (values.background) setPriority(lowestPriority);
try {
  await run();
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exitCode = 1;
}
