import { networkInterfaces } from 'node:os';
import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import { isLoopback } from '@webxterm/contracts/loopback';
import { plainAddress } from '@webxterm/shared';
import type { ClientSession } from 'mongoose';
import type { MachineModels, MachineRecord } from '../machines/record.ts';

const isHere = (address: string): boolean =>
  isLoopback(plainAddress(address)) ||
  Object.values(networkInterfaces()).some((each) => each?.some((one) => one.address === address));

/**
 * Whether shells on a machine could read the secrets of this stack. True when its agent dials from this host, and runs or opens
 * shells as the Unix user of the stack or as root. `stackUser` is set only when the whole stack runs on one machine.
 */
export const hostsStack = (
  machine: Pick<MachineRecord, 'ip_address' | 'process_user' | 'metadata'>,
  stackUser: string | undefined,
): boolean => {
  if (stackUser === undefined || !isHere(machine.ip_address)) return false;
  const { linux_user, linux_users = [] } = machine.metadata;
  const dangerous = [stackUser, 'root', anyLinuxUser];
  return machine.process_user === stackUser || [linux_user, ...linux_users].some((name) => dangerous.includes(name));
};

/** No tag of a machine that hosts the stack counts for grants on tags. Spread it into what is written when an agent enrols. */
export const withoutGrantTags = (
  facts: Parameters<typeof hostsStack>[0],
  stackUser: string | undefined,
): Pick<MachineRecord, 'grant_tags'> => (hostsStack(facts, stackUser) ? { grant_tags: [] } : {});

/** The same for a machine by its id. False for an unknown one. */
export const hostsStackById =
  ({ machines }: Pick<MachineModels, 'machines'>, stackUser: string | undefined) =>
  async (agentId: string, session?: ClientSession): Promise<boolean> => {
    const fields = { ip_address: 1, process_user: 1, metadata: 1 } as const;
    const machine = await machines.findOne({ agent_id: agentId }, fields, { session: session ?? null }).lean();
    return machine !== null && hostsStack(machine, stackUser);
  };
