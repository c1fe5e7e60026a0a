import type { Machine } from '@webxterm/contracts/rest';
import { expect, it } from 'vitest';
import { findMachine } from './find-machine.ts';
import type { Server } from './server.ts';

const idOf = (letter: string): string => `ag_${letter.repeat(26)}`;
const metadata = { cpu_cores: 1, mem_total_mb: 1, disk_total_gb: 1, hostname: 'h', os_version: '', linux_user: 'ann' };
const machineOf = (letter: string, name: string, my_role: Machine['my_role']): Machine => ({
  ...{
    id: letter,
    agent_id: idOf(letter),
    name,
    description: '',
    status: 'online' as const,
    os: '',
    arch: '',
    ip_address: '',
  },
  ...{ agent_version: '', owner_id: 'a'.repeat(24), my_role, tags: [], last_active: null, uptime_seconds: 0 },
  ...{ resource_stats: null, metadata, created_at: new Date(0).toISOString(), new_from: null, notice: null },
});

/** A server on which the user sees these machines. */
const serverWith = (...machines: Machine[]): Server => {
  const fetcher: typeof fetch = async (address) => {
    const url = new URL(String(address), 'http://127.0.0.1');
    const id = /^\/api\/machines\/(.+)$/.exec(url.pathname)?.[1];
    if (id === undefined)
      return Response.json({
        machines,
        total: machines.length,
        page: 1,
        limit: 500,
        total_pages: 1,
        next_cursor: null,
      });
    const found = machines.find(({ agent_id }) => agent_id === id);
    const missing = { error: 'No.', code: 'machine_not_found', request_id: 'r' };
    return found === undefined ? Response.json(missing, { status: 404 }) : Response.json(found);
  };
  return { profile: undefined, url: new URL('http://127.0.0.1/'), token: '', fetcher };
};

it('takes no machine of another user that is named as the id of one that is gone', async () => {
  const server = serverWith(machineOf('b', idOf('a'), 'control'));
  await expect(findMachine(server, idOf('a'))).rejects.toThrow(`You have no machine ${idOf('a')}.`);
  expect(await findMachine(server, idOf('b'))).toMatchObject({ agent_id: idOf('b') });
});

it('takes the own machine of several with one name, and none of several others', async () => {
  const [own, shared, other] = [
    machineOf('a', 'web-1', 'owner'),
    machineOf('b', 'Web-1', 'control'),
    machineOf('c', 'web-1', 'view'),
  ];
  expect(await findMachine(serverWith(shared, own, other), 'web-1')).toMatchObject({ agent_id: idOf('a') });
  expect(await findMachine(serverWith(shared), 'web-1')).toMatchObject({ agent_id: idOf('b') });
  await expect(findMachine(serverWith(shared, other), 'web-1')).rejects.toThrow('Several machines are named web-1.');
});
