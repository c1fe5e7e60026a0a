import type { Machine, MachineRole, MachineStatus } from '@webxterm/contracts/rest';
import type { Latest } from './activity.ts';
import { isPending, type StoredMachine } from './record.ts';
import { idOf } from './store.ts';

/** A machine as one caller sees it: what is kept, what is known right now, and what they may do with it. */
export const machineView = (
  machine: StoredMachine,
  myRole: MachineRole,
  online: boolean,
  latest: Latest | undefined,
): Machine => ({
  id: idOf(machine),
  agent_id: machine.agent_id,
  name: machine.name,
  description: machine.description,
  status: statusOf(machine, online),
  os: machine.os,
  arch: machine.arch,
  ip_address: machine.ip_address,
  agent_version: machine.agent_version,
  owner_id: machine.owner_id,
  my_role: myRole,
  tags: machine.tags,
  last_active: latestTime(machine.last_active, latest?.lastActive),
  uptime_seconds: machine.uptime_seconds,
  resource_stats: latest?.stats ?? machine.resource_stats,
  metadata: machine.metadata,
  created_at: machine.created_at.toISOString(),
  new_from: machine.new_until !== null && machine.new_until.getTime() > Date.now() ? machine.new_from : null,
});

const statusOf = (machine: StoredMachine, online: boolean): MachineStatus => {
  if (machine.revoked_at !== null) return 'revoked';
  if (isPending(machine)) return 'pending';
  return online ? 'online' : 'offline';
};

const latestTime = (stored: Date | null, heard: string | undefined): string | null => {
  const times = [stored?.toISOString(), heard].filter((time) => time !== undefined).sort();
  return times.at(-1) ?? null;
};
