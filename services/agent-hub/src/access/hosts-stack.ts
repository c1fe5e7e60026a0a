import { networkInterfaces } from 'node:os';
import type { MachineRecord } from '../machines/record.ts';

const isHere = (address: string): boolean =>
  /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/.test(address) ||
  Object.values(networkInterfaces()).some((each) => each?.some((one) => one.address === address));

/**
 * Whether shells on a machine could read the secrets of the stack that runs beside them: its agent dials from this very host, and
 * runs, or opens shells, as the stack's own user or as root. `stackUser` is known only where the stack runs on one machine.
 */
export const hostsStack = (
  machine: Pick<MachineRecord, 'ip_address' | 'process_user' | 'metadata'>,
  stackUser: string | undefined,
): boolean => {
  if (stackUser === undefined || !isHere(machine.ip_address)) return false;
  const { linux_user: linuxUser } = machine.metadata;
  return machine.process_user === stackUser || linuxUser === stackUser || linuxUser === 'root';
};
