import os from 'node:os';
import { pino } from 'pino';
import { Agent } from '../agent.ts';
import { companionFiles } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { readStatus } from '../configuration/status-file.ts';
import { Failure } from '../failure.ts';
import { isRunning } from './status.ts';

/** Runs the agent until SIGTERM or SIGINT; a second signal ends it at once. @throws Failure */
export const start = async (file: string): Promise<void> => {
  const config = await readConfig(file);
  const status = await readStatus(companionFiles(file).status);
  if (status !== undefined && status.pid !== process.pid && (await isRunning(status.pid))) {
    throw new Failure(`An agent with this configuration runs already (process ${status.pid}). Stop it first.`);
  }
  const log = pino({ name: 'agent', redact: ['token', '*.token'] }, pino.destination({ dest: 1, sync: true }));
  const agent = new Agent({
    configPath: file,
    config,
    processUid: os.userInfo().uid,
    log,
    now: () => performance.now(),
    random: Math.random,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      process.once(signal, () => process.exit(1));
      void agent.stop();
    });
  }
  await agent.run();
};
