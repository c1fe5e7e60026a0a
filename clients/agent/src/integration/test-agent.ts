import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { Agent } from '../agent.ts';
import { companionFiles } from '../configuration/agent-config.ts';
import { checkConfig, writeConfig } from '../configuration/config-file.ts';
import { loadMachineKey } from '../identity/machine-key.ts';
import type { ReadFacts } from '../link/dialer.ts';
import { TestHub } from './test-hub.ts';

/** An agent and its hub, both in this process. */
export const startTestAgent = async (
  settings: Record<string, unknown> = {},
  hub = new TestHub(),
  readFacts?: ReadFacts,
): Promise<{ hub: TestHub; agent: Agent; stop(): Promise<void> }> => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'agent-int-'));
  if (hub.port === 0) await hub.start();
  const { username, uid } = os.userInfo();
  const way = { host: 'http://127.0.0.1:1', grpc: hub.address, token: 'vsay_ak_test' };
  const config = checkConfig({ ...way, linux_user: username, name: 'box', ...settings }, 'test');
  const configPath = path.join(directory, 'agent.yaml');
  await writeConfig(configPath, config);
  const log = pino({ level: 'silent' });
  const key = await loadMachineKey(companionFiles(configPath).key);
  const now = (): number => performance.now();
  const more = readFacts === undefined ? {} : { readFacts };
  const agent = new Agent({ configPath, config, key, processUid: uid, log, now, random: () => 0, ...more });
  const running = agent.run();
  await hub.linked();
  const stop = async (): Promise<void> => {
    await agent.stop();
    await running.catch(() => undefined);
    hub.kill();
    await rm(directory, { recursive: true, force: true });
  };
  return { hub, agent, stop };
};
