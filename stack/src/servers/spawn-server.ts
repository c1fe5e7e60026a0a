import { reasonOf, StackFailure } from '../failure.ts';
import { type SpawnChildOptions, spawnChild } from '../supervision/spawn-child.ts';
import type { Running } from '../supervision/supervised.ts';
import { within } from '../supervision/within.ts';

export interface SpawnServerOptions extends SpawnChildOptions {
  /** The name of the server in error messages. */
  readonly server: string;
  /** The text of the log line with which the server reports that it accepts connections. */
  readonly readyText: string;
  readonly readyWithinMs: number;
}

/** Number of last log lines that the error message contains. */
const keptLines = 5;

/**
 * Starts a server and waits until it accepts connections.
 * @throws StackFailure with the last lines of its log when it ends or is not ready in time
 */
export const spawnServer = async (options: SpawnServerOptions): Promise<Running> => {
  const lastLines: string[] = [];
  const ready = Promise.withResolvers<void>();
  const running = await spawnChild({
    ...options,
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > keptLines) lastLines.shift();
      if (line.includes(options.readyText)) ready.resolve();
      options.onLine(line);
    },
  });
  const ended = running.exited.then(() => Promise.reject(new Error('it ended at once')));
  try {
    await within(options.readyWithinMs, Promise.race([ready.promise, ended]));
    return running;
  } catch (error) {
    await running.end();
    const log = lastLines.map((line) => `\n  ${line}`).join('');
    throw new StackFailure(`${options.server} did not start: ${reasonOf(error)}${log}`, { cause: error });
  }
};
