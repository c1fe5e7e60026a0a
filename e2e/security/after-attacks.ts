import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/rest.ts';
import type { World } from './world.ts';

export const pidsOf = ({ stack }: World): Record<string, number> =>
  Object.fromEntries(stack.processes().map(({ name, pid }) => [name, pid]));

const logsOf = ({ stack }: World): { name: string; text: string }[] => {
  const folder = join(stack.dataDir, 'logs');
  return readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
};

/** Last of all: what the attacks left behind. */
export const checkAfterAttacks = (world: () => World, before: () => Record<string, number>): void => {
  describe('after all attacks', () => {
    it('every process is the same as before', () => {
      expect(pidsOf(world())).toEqual(before());
    });

    it('every part is healthy, and the terminal that was open throughout is still open', async () => {
      await world().stack.healthy();
      await world().session.run('echo still here');
    });

    it('each service starts again with the data that the attacks left on the bus and in the database', async () => {
      const { stack } = world();
      for (const name of ['auth-1', 'agent-hub-1', 'terminal-1']) {
        await stack.stopProcess(name);
        await stack.startProcess(name);
      }
      await stack.healthy();
      // The gateway's last look at a service may be older than its restart.
      await eventually('the machines are listed', async () => {
        const { status } = await world().cast.owner.rest.get('/api/machines');
        return status === 200 ? true : undefined;
      });
    });

    it('no log holds a secret that was used', () => {
      const logs = logsOf(world());
      expect(logs.length).toBeGreaterThan(5);
      expect(logs.reduce((length, { text }) => length + text.length, 0)).toBeGreaterThan(1000);
      const found = logs.flatMap(({ name, text }) =>
        [...world().secrets].filter((secret) => text.includes(secret)).map((secret) => `${name}: ${secret}`),
      );
      expect(found).toEqual([]);
    });
  });
};
