import { AgentId, getMachine, listMachines, type Machine } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { ApiError, ask } from '@webxterm/rest-client';
import type { z } from 'zod';
import { exitCode, Failure } from '../failure.ts';
import { pagesOf } from './pages.ts';
import type { Server } from './server.ts';

const pageSize = 500;

export type MachineFilter = Pick<z.input<typeof listMachines.query>, 'search' | 'tag' | 'status' | 'owner' | 'sort'>;

/** All machines that match. */
export const allMachines = async ({ fetcher }: Server, filter: MachineFilter): Promise<Machine[]> => {
  const found: Machine[] = [];
  const pages = pagesOf((at) => ask(fetcher, listMachines, { query: { ...filter, limit: pageSize, ...at } }));
  for await (const { machines } of pages) found.push(...machines);
  return found;
};

const byId = async ({ fetcher }: Server, id: string): Promise<Machine> => {
  try {
    return await ask(fetcher, getMachine, { params: { agent_id: id } });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    throw new Failure(`You have no machine ${id}. vsay ls shows yours.`, exitCode.notFound);
  }
};

/**
 * The machine with this name, in any case, or this id. Other users choose the names of the machines that they share: a name is never taken for an
 * id. Of several machines with one name, the user's own is chosen.
 * @throws Failure if there is none, or several
 */
export const findMachine = async (server: Server, wanted: string): Promise<Machine> => {
  if (AgentId.safeParse(wanted).success) return byId(server, wanted);
  const similar = await allMachines(server, { search: wanted });
  const all = similar.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  const own = all.filter(({ my_role }) => my_role === 'owner');
  const named = own.length === 1 ? own : all;
  const [machine, another] = named;
  if (machine === undefined) {
    const names = similar.slice(0, 5).map(({ name }) => plainText(name, 64));
    const hint = names.length === 0 ? 'vsay ls shows yours.' : `Did you mean ${names.join(', ')}?`;
    throw new Failure(`You have no machine ${plainText(wanted, 64)}. ${hint}`, exitCode.notFound);
  }
  if (another !== undefined)
    throw new Failure(
      `Several machines are named ${plainText(wanted, 64)}. Name one by its id: ${named.map(({ agent_id }) => agent_id).join(', ')}.`,
      exitCode.notFound,
    );
  return machine;
};
