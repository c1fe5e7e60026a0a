import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitForUsage, exitWithHelp, parseCommandLine } from '@webxterm/shared/command-line';
import { chosenFolders, type MutatedFolder, mutatedFolders } from './folders.ts';
import { installStryker, strykerProgram, toolFolder, vitestRunner } from './stryker.ts';

const root = join(import.meta.dirname, '../..');

const usage = `Usage: npm run mutation -- all | fast | FOLDER…

Changes the checks of a folder one by one and runs its unit tests: names each change that no test notices. Exits with 1 if fewer changes are
noticed than the floor of the folder demands.

Folders:
  all   every folder (a night)
  fast  the folders that .ci/run mutates
${Object.keys(mutatedFolders)
  .map((name) => `  ${name}`)
  .join('\n')}

Options:
  -h, --help    show this text and do nothing

Settings, from the environment:
  MUTATION_CONCURRENCY    the number of mutants that are tried at once (1)

Examples:
  npm run mutation -- shared/tokens
  npm run mutation -- fast`;

const readFolders = () => {
  try {
    const { values, positionals } = parseCommandLine(process.argv.slice(2), {
      options: {},
      positionals: Number.POSITIVE_INFINITY,
    });
    if (values.help) return exitWithHelp(usage);
    return { folders: chosenFolders(positionals), isByNight: positionals[0] === 'all' };
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

const { folders, isByNight } = readFolders();

/** @returns whether the floor is reached */
const isNoticed = (name: string, { mutate, tests, floor, startsServers }: MutatedFolder): boolean => {
  console.log(`\n== ${name}`);
  const file = name.replaceAll('/', '-');
  const config = join(toolFolder, `${file}.config.json`);
  const options = {
    testRunner: 'vitest',
    plugins: [vitestRunner],
    vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
    mutate: [...mutate, '!**/*.test.ts'],
    tsconfigFile: 'none',
    coverageAnalysis: 'perTest',
    concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 1),
    // A test that starts servers waits longer than Stryker expects.
    timeoutMS: startsServers ? 60_000 : 5_000,
    // A change of a constant of a module takes as long as ten others, because the module is loaded again.
    ignoreStatic: !isByNight,
    tempDirName: '.cache/stryker',
    ignorePatterns: ['observability', 'k8s', '.webxterm'],
    reporters: ['clear-text', 'progress-append-only', 'json'],
    jsonReporter: { fileName: join(toolFolder, 'reports', `${file}.json`) },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    warnings: { slow: false },
    thresholds: { high: 100, low: floor, break: floor },
  };
  writeFileSync(config, JSON.stringify(options));
  const { status } = spawnSync(process.execPath, [strykerProgram, 'run', config], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MUTATION_TESTS: JSON.stringify(tests) },
  });
  return status === 0;
};

if (!installStryker()) throw new Error('Stryker could not be installed');
const below = folders.filter(([name, folder]) => !isNoticed(name, folder)).map(([name]) => name);
if (below.length > 0) {
  console.error(`\nbelow the floor, or not run: ${below.join(', ')}`);
  process.exitCode = 1;
}
