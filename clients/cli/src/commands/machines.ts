import { type Machine, MachineStatus } from '@webxterm/contracts/rest';
import { exitCode, Failure } from '../failure.ts';
import { printRows } from '../output/print.ts';
import { allMachines } from '../server/find-machine.ts';
import { openServer } from '../server/server.ts';
import type { ServerOptions } from './options.ts';

export interface ListOptions extends ServerOptions {
  readonly tag?: string;
  readonly status?: string;
}

const statusOf = (text: string): MachineStatus => {
  const parsed = MachineStatus.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Failure(`--status is one of ${MachineStatus.options.join(', ')}.`, exitCode.usage);
};

const row = (machine: Machine): readonly string[] => [
  machine.name,
  machine.status,
  machine.my_role,
  [machine.os, machine.arch].filter((text) => text !== '').join(' '),
  machine.ip_address,
  machine.tags.join(','),
  machine.agent_version,
  machine.agent_id,
];

/** `vsay ls` */
export const list = async (search: string | undefined, options: ListOptions): Promise<void> => {
  const machines = await allMachines(await openServer(options.profile), {
    ...(search !== undefined && { search }),
    ...(options.tag !== undefined && { tag: options.tag }),
    ...(options.status !== undefined && { status: statusOf(options.status) }),
  });
  await printRows(options.json === true, machines, {
    heads: ['NAME', 'STATUS', 'ROLE', 'SYSTEM', 'ADDRESS', 'TAGS', 'AGENT', 'ID'],
    row,
    none: 'No machines.',
  });
};
