import type { Machine, MachineStatus, MachineUpdate } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { plainFacts, plainLabels, plainStats, readUptime } from '../agent-links/agent-claims.ts';
import { installProgressOf } from '../enrolment/install-progress.ts';
import type { Allowed } from './access-rule.ts';
import type { Latest } from './activity.ts';
import { offeredTo } from './linux-users.ts';
import { isPending, type StoredMachine } from './record.ts';
import { idOf } from './store.ts';

/** Limit of a shown name. A removed machine has its id appended to the name. */
const maxShownName = 128;

/**
 * A machine as one caller sees it: the stored record, the current status, and the caller's rights. Agent data is sanitized here again,
 * because older versions stored it unchecked.
 */
export const machineView = (
  stored: StoredMachine,
  { role, rights, linuxUsers }: Allowed,
  online: boolean,
  latest: Latest | undefined,
  update: MachineUpdate | null,
): Machine => {
  const machine = plainFacts(stored);
  const stats = latest?.stats ?? machine.resource_stats;
  return {
    id: idOf(machine),
    agent_id: machine.agent_id,
    name: plainText(machine.name, maxShownName),
    status: statusOf(machine, online),
    os: machine.os,
    arch: machine.arch,
    ip_address: machine.ip_address,
    agent_version: machine.agent_version,
    owner_id: machine.owner_id,
    my_role: role,
    my_rights: [...rights],
    my_linux_users: rights.some((right) => right === 'open' || right === 'command')
      ? offeredTo(linuxUsers, usersOf(machine))
      : [],
    ...plainLabels(machine),
    last_active: latestTime(machine.last_active, latest?.lastActive),
    uptime_seconds: readUptime(machine.uptime_seconds),
    resource_stats: stats && plainStats(stats),
    metadata: machine.metadata,
    created_at: machine.created_at.toISOString(),
    new_from: machine.new_until !== null && machine.new_until.getTime() > Date.now() ? machine.new_from : null,
    notice: noticeOf(machine),
    install: installProgressOf(machine),
    update,
  };
};

const usersOf = ({ metadata: { linux_user, linux_users } }: StoredMachine): readonly string[] =>
  linux_users ?? (linux_user === '' ? [] : [linux_user]);

const noticeOf = ({ notice }: StoredMachine): Machine['notice'] =>
  // Machines stored by an older version lack this field.
  notice ? { ...notice, at: notice.at.toISOString() } : null;

const statusOf = (machine: StoredMachine, online: boolean): MachineStatus => {
  if (machine.revoked_at !== null) return 'revoked';
  if (isPending(machine)) return 'pending';
  return online ? 'online' : 'offline';
};

const latestTime = (stored: Date | null, reported: string | undefined): string | null => {
  const times = [stored?.toISOString(), reported].filter((time) => time !== undefined).sort();
  return times.at(-1) ?? null;
};
