// `npm run mutation -- FOLDER…`, `-- fast` (what .ci/run mutates) or `-- all` (over night): names the changes of checks that no test notices.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chosenFolders, type MutatedFolder } from './folders.ts';
import { installStryker, strykerProgram, toolFolder, vitestRunner } from './stryker.ts';

const root = join(import.meta.dirname, '../..');

const names = process.argv.slice(2);
const folders = chosenFolders(names);
const isByNight = names[0] === 'all';

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
