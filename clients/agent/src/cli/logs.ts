import { exitCode, Failure } from '../failure.ts';
import { isInstalled, showJournal } from '../service/systemd.ts';

/** Shows the log of the agent's service. @returns the exit code @throws Failure */
export const logs = (file: string, options: { lines: string; follow?: boolean }): Promise<number> => {
  const lines = Number(options.lines);
  if (!Number.isInteger(lines) || lines < 1 || lines > 1_000_000)
    throw new Failure('--lines is a number from 1 to 1000000.', exitCode.usage);
  if (!isInstalled(file))
    throw new Failure(
      'No service runs this agent here, so its log is not kept: it is the output of "vsay-agent start".',
    );
  return showJournal({ lines, follow: options.follow === true });
};
