import { machinesOfUser, sessionsOfUser } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { answer, connectBus } from '@webxterm/shared/bus';
import type { startTestServers } from './auth-under-test.ts';

/** The responses of agent-hub and terminal about a user. Users that are not in the map own nothing. */
export interface Owned {
  machines: string[];
  sessions: number;
}

/** Answers on the bus in place of agent-hub and terminal. */
export const answerBelongings = async (
  servers: Awaited<ReturnType<typeof startTestServers>>,
  owned: ReadonlyMap<string, Owned>,
): Promise<{ stop(): Promise<void> }> => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const connect = (user: 'agent-hub' | 'terminal') =>
    connectBus({ urls: [servers.natsUrl], user, password: servers.natsPassword(user), logger });
  const [hub, terminal] = await Promise.all([connect('agent-hub'), connect('terminal')]);
  answer(hub, machinesOfUser, logger, async ({ user_id }) => {
    const names = owned.get(user_id)?.machines ?? [];
    return { total: names.length, names: names.slice(0, 20) };
  });
  answer(terminal, sessionsOfUser, logger, async ({ user_id }) => ({ live: owned.get(user_id)?.sessions ?? 0 }));
  await Promise.all([hub.flush(), terminal.flush()]);
  return {
    stop: async () => {
      await Promise.all([hub.close(), terminal.close()]);
    },
  };
};
