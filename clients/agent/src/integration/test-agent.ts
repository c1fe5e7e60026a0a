import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { Agent, type AgentOptions } from '../agent.ts';
import { companionFiles } from '../configuration/agent-config.ts';
import { checkConfig, writeConfig } from '../configuration/config-file.ts';
import { loadMachineKey } from '../identity/machine-key.ts';
import type { ReadFacts } from '../link/dialer.ts';
import { TestHub } from './test-hub.ts';

/** An agent in this process that dials this address. */
export const startAgent = async (
  { grpc, token }: { grpc: string; token: string },
  {
    settings = {},
    ...more
  }: { settings?: Record<string, unknown> } & Pick<AgentOptions, 'moreKinds' | 'readFacts'> = {},
): Promise<{ agent: Agent; stop(): Promise<void> }> => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'agent-int-'));
  const { username, uid } = os.userInfo();
  const way = { host: 'http://127.0.0.1:1', grpc, token };
  const config = checkConfig({ ...way, linux_user: username, name: 'box', ...settings }, 'test');
  const configPath = path.join(directory, 'agent.yaml');
  await writeConfig(configPath, config);
  const log = pino({ level: 'silent' });
  const key = await loadMachineKey(companionFiles(configPath).key);
  const now = (): number => performance.now();
  const agent = new Agent({ configPath, config, key, processUid: uid, log, now, random: () => 0, ...more });
  const running = agent.run();
  const stop = async (): Promise<void> => {
    await agent.stop();
    await running.catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  };
  return { agent, stop };
};

/** An agent and its hub, both in this process. */
export const startTestAgent = async (
  settings: Record<string, unknown> = {},
  hub = new TestHub(),
  readFacts?: ReadFacts,
): Promise<{ hub: TestHub; agent: Agent; stop(): Promise<void> }> => {
  if (hub.port === 0) await hub.start();
  const more = readFacts === undefined ? {} : { readFacts };
  const { agent, stop } = await startAgent({ grpc: hub.address, token: 'vsay_ak_test' }, { settings, ...more });
  await hub.linked();
  return {
    hub,
    agent,
    stop: async () => {
      await stop();
      hub.kill();
    },
  };
};
