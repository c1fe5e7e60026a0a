import { createHash } from 'node:crypto';
import type { MachineUpdate, MachineUpdateState, UpdatePolicy } from '@webxterm/contracts/rest';
import { isPending, type MachineRecord } from '../machines/record.ts';
import type { MachineUpdates } from './record.ts';
import type { Release, Releases } from './releases.ts';

export const defaultPolicy: UpdatePolicy = { channel: 'stable', mode: 'automatic', version: null };

/** The platform of a package, by the architecture that an agent reports. */
export const platformOf = (arch: string): string => `linux-${arch === 'amd64' ? 'x64' : arch}`;
/** The architectures as agents report them. */
export const archsOf = ({ platforms }: Pick<Release, 'platforms'>): string[] =>
  platforms.map((platform) => platform.replace(/^linux-/, '').replace(/^x64$/, 'amd64'));

/** The place of a machine in the waves of a version: evenly distributed in [0, 1), another one for each version. */
export const rankOf = (agentId: string, version: string): number =>
  createHash('sha256').update(`${version}\0${agentId}`).digest().readUInt32BE(0) / 2 ** 32;

type Machine = Pick<MachineRecord, 'public_key' | 'revoked_at' | 'agent_version' | 'arch' | 'updates'>;
type Shown = readonly [state: MachineUpdateState, reason?: string | null, at?: Date | null];

/** An agent that can update itself is no longer part of the image that an earlier one reported. */
const isPartOfImage = ({ capable, part_of_image }: MachineUpdates): boolean =>
  capable !== true && part_of_image === true;

const stateOf = ({ agent_version, arch, updates = {} }: Machine, release: Release | undefined): Shown => {
  const { capable, order, failed, requested_at, sequence = 0 } = updates;
  if (isPartOfImage(updates)) return ['unsupported', 'It is updated with its container image.'];
  if (capable !== true) return ['unsupported'];
  if (release === undefined) return ['up_to_date'];
  const { version } = release;
  if (order?.version === version && order.state === 'trial') return ['updating', null, order.at];
  if (agent_version === version || sequence > release.sequence) return ['up_to_date'];
  if (!release.platforms.includes(platformOf(arch)))
    return ['unsupported', `Version ${version} has no package for ${platformOf(arch)}.`];
  if (failed?.version === version) return ['failed', failed.reason, failed.at];
  if (order?.version === version) {
    if (order.state === 'failed') return ['failed', order.reason, order.at];
    if (order.state === 'installed') return ['waiting', 'It is installed, and starts when no command runs.', order.at];
    if (order.state === 'postponed') return ['waiting', order.reason, order.at];
    if (order.state !== 'done') return ['updating', null, order.at];
  }
  return requested_at ? ['waiting', 'It begins as soon as the machine is online.', requested_at] : ['available'];
};

/** The update state of a machine for the API. Null for a machine without an agent. */
export const machineUpdate = (machine: Machine, releases: Pick<Releases, 'for'>): MachineUpdate | null => {
  if (machine.revoked_at !== null || isPending(machine)) return null;
  const policy = machine.updates?.policy ?? defaultPolicy;
  const release = releases.for(policy.channel);
  const [state, reason = null, at = null] = stateOf(machine, release);
  return {
    policy,
    state,
    offered: release?.version ?? null,
    reason,
    at: at?.toISOString() ?? null,
    part_of_image: isPartOfImage(machine.updates ?? {}),
  };
};
