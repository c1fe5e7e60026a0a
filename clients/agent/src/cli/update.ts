import { readConfig } from '../configuration/config-file.ts';
import { readEnvironment } from '../configuration/environment.ts';
import { exitCode, Failure } from '../failure.ts';
import { trustSystemCas } from '../link/trusted-cas.ts';
import { installedPackage, isPartOfImage } from '../service/package.ts';
import { Installation } from '../update/installation.ts';
import { lockUpdates } from '../update/lock.ts';
import { sourceOf } from '../update/source.ts';
import { type UpdateResult, update } from '../update/update.ts';
import { runningStatus } from './status.ts';

const sentenceOf = (result: UpdateResult, runs: boolean): string => {
  if (result.kind === 'newest') return `Version ${result.version} is the newest that the server has.`;
  if (result.kind === 'failed')
    return `Version ${result.version} did not work on this machine, so it is not installed again: ${result.why}.`;
  const installed = `Version ${result.version} is installed.`;
  return runs
    ? `${installed} The agent changes to it when it is connected and no command runs. Open terminals stay open.`
    : installed;
};

/**
 * Brings the agent to the version that the server has.
 * @returns the exit code: 0, or 1 if the version of the server failed here before
 * @throws Failure
 */
export const runUpdate = async (
  file: string,
  { kilobytesPerSecond }: { kilobytesPerSecond?: number | undefined },
  say: (line: string) => void,
): Promise<number> => {
  if (isPartOfImage)
    throw new Failure(
      'This agent is part of a container image, so it does not update itself: get the new image, then create its container anew.',
      exitCode.usage,
    );
  if (installedPackage === undefined)
    throw new Failure('This agent was not installed by the install command, so it cannot be updated.', exitCode.usage);
  const config = await readConfig(file);
  const environment = readEnvironment();
  const source = sourceOf(config, { proxy: environment.proxy, no_proxy: environment.noProxy });
  const unlock = lockUpdates(installedPackage);
  try {
    if (config.host.startsWith('https:')) await trustSystemCas(config.extra_ca_file);
    const bytesPerSecond = (kilobytesPerSecond ?? 0) * 1000;
    const platform = `${process.platform}-${process.arch}`;
    const how = { platform, now: Date.now(), channel: 'stable', bytesPerSecond } as const;
    const result = await update(new Installation(installedPackage), source, how);
    say(sentenceOf(result, (await runningStatus(file).catch(() => undefined)) !== undefined));
    return result.kind === 'failed' ? exitCode.failure : 0;
  } finally {
    unlock();
  }
};
