import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { exitForUsage, exitWithHelp, parseCommandLine, UsageError } from '@webxterm/shared/command-line';
import packageJson from '../../package.json' with { type: 'json' };
import { failureText, reasonOf, StackFailure } from '../failure.ts';
import { projectFolder } from '../project-folder.ts';
import { chartOf, comparable, oldestKubernetes, readResources, trialValues } from './chart.ts';

const usage = `Usage: npm run helm:chart -- --out FOLDER
       npm run helm:chart -- --check

Writes the Helm chart of this version: the manifests of k8s/overlays/production, with values in place of its host names. It needs kubectl.

Options:
  --out FOLDER  the new folder of the chart; package it by: helm package FOLDER
  --check       whether helm renders the chart as the manifests are, with their host names as values; needs helm, too
  -h, --help    show this text and do nothing

Settings, from the environment: none

Examples:
  npm run helm:chart -- --out /tmp/webxterm
  npm run helm:chart -- --check`;

/** The output of a program. @throws StackFailure with its errors */
const outputOf = (program: string, ...args: string[]): string => {
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd: projectFolder, encoding: 'utf8' });
  if (error !== undefined) throw new StackFailure(`${program} cannot be run: ${reasonOf(error)}`);
  if (status !== 0) throw new StackFailure(`${program} ${args[0]} failed: ${stderr.trim()}`);
  return stdout;
};

const writeChart = (folder: string, manifests: string): void => {
  for (const [name, text] of chartOf(manifests, packageJson.version)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
  }
};

const checkChart = (manifests: string): void => {
  const folder = mkdtempSync(join(tmpdir(), 'webxterm-chart-'));
  try {
    writeChart(folder, manifests);
    const values = trialValues(manifests).flatMap(([name, value]) => ['--set-string', `${name}=${value}`]);
    // Without a cluster, helm assumes an old one.
    const given = ['--namespace', 'webxterm', '--kube-version', oldestKubernetes, ...values];
    outputOf('helm', 'lint', '--strict', folder, ...given);
    const rendered = outputOf('helm', 'template', 'webxterm', folder, ...given);
    const wanted = comparable(readResources(manifests));
    const made = comparable(readResources(rendered));
    const differing = [...new Set([...wanted.keys(), ...made.keys()])].filter(
      (name) => !isDeepStrictEqual(wanted.get(name), made.get(name)),
    );
    if (differing.length > 0) throw new StackFailure(`helm renders these otherwise: ${differing.join(', ')}`);
    process.stdout.write(`helm renders ${made.size} resources as k8s/overlays/production has them\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const readArguments = () => {
  try {
    const options = { out: { type: 'string' }, check: { type: 'boolean', default: false } } as const;
    const { values } = parseCommandLine(process.argv.slice(2), { options, positionals: 0 });
    if (values.help) return exitWithHelp(usage);
    if ((values.out === undefined) !== values.check) throw new UsageError('give one of --out and --check');
    return values;
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

const { out, check } = readArguments();
try {
  const manifests = outputOf('kubectl', 'kustomize', 'k8s/overlays/production');
  if (check) checkChart(manifests);
  else if (out !== undefined) {
    writeChart(resolve(out), manifests);
    process.stdout.write(`${out}: the chart of version ${packageJson.version}\n`);
  }
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = 1;
}
