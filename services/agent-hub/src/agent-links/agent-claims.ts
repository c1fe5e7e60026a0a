import type { SessionTitlesEvent } from '@webxterm/contracts/bus';
import { agentBaseline, agentFeatures } from '@webxterm/contracts/capabilities';
import type { MachineFacts, SessionEnded, SessionTitle, ResourceStats as WireStats } from '@webxterm/contracts/grpc';
import { anyLinuxUser, maxLinuxUsers } from '@webxterm/contracts/linux-users';
import { LinuxUserName, type ResourceStats } from '@webxterm/contracts/rest';
import { maxSessionDirectory, maxSessionTitle } from '@webxterm/contracts/session-titles';
import { plainLines, plainText } from '@webxterm/contracts/text';
import type { ReportedFacts } from '../machines/agent-reports.ts';
import type { MachineRecord } from '../machines/record.ts';

// Any user can run an agent, so its data is not trusted. All of it passes through this file before it is shown, stored or forwarded.

const maxText = 128;
const maxAddress = 64;
const maxDescription = 500;
const maxTags = 32;
const maxTag = 64;
/** Larger than any real machine: 65,536 cores, a petabyte of memory, an exabyte of disk, a century of uptime. */
const maxCores = 65_536;
const maxMemoryMb = 1e9;
const maxDiskGb = 1e9;
const maxUptimeSeconds = 100 * 365 * 24 * 3600;
/** MB/s. */
const maxThroughput = 1e6;

/** A whole number from 0 to `max`; 0 for NaN. */
const count = (value: bigint | number, max: number): number => {
  const number = Number(value);
  return Number.isNaN(number) ? 0 : Math.trunc(Math.min(max, Math.max(0, number)));
};

const measured = (value: number, max: number): number => (Number.isNaN(value) ? 0 : Math.min(max, Math.max(0, value)));

/** The capabilities that both the agent and this hub have. An agent of an older version announces none and has the baseline. */
export const readCapabilities = (
  announced: readonly string[],
  kinds: ReadonlyMap<string, unknown>,
): readonly string[] => {
  const ofAgent = announced.length === 0 ? agentBaseline : announced;
  return [...kinds.keys(), ...agentFeatures].filter((name) => ofAgent.includes(name));
};

/** The machine facts of a hello, with the address of the connection as the hub sees it. */
export const readFacts = (facts: MachineFacts | undefined, address: string): ReportedFacts =>
  plainFacts({
    os: facts?.os ?? '',
    arch: facts?.arch ?? '',
    agent_version: facts?.agentVersion ?? '',
    ip_address: address,
    process_user: facts?.processUser ?? '',
    metadata: {
      cpu_cores: facts?.cpuCores ?? 0,
      mem_total_mb: Number(facts?.memTotalMb ?? 0n),
      disk_total_gb: Number(facts?.diskTotalGb ?? 0n),
      hostname: facts?.hostname ?? '',
      os_version: facts?.osVersion ?? '',
      linux_user: facts?.linuxUser ?? '',
      ...(facts === undefined || facts.linuxUsers.length === 0 ? {} : { linux_users: facts.linuxUsers }),
      ...sshHostKeyOf(facts?.sshHostKey),
    },
  });

/** Sanitizes facts: those of a hello, and stored ones, because older versions stored them unchecked. */
export const plainFacts = <F extends ReportedFacts>(facts: F): F => ({
  ...facts,
  os: plainText(facts.os, maxText),
  arch: plainText(facts.arch, maxText),
  agent_version: plainText(facts.agent_version, maxText),
  ip_address: plainText(facts.ip_address, maxAddress),
  process_user: plainText(facts.process_user, maxText),
  metadata: {
    cpu_cores: count(facts.metadata.cpu_cores, maxCores),
    mem_total_mb: count(facts.metadata.mem_total_mb, maxMemoryMb),
    disk_total_gb: count(facts.metadata.disk_total_gb, maxDiskGb),
    hostname: plainText(facts.metadata.hostname, maxText),
    os_version: plainText(facts.metadata.os_version, maxText),
    linux_user: plainText(facts.metadata.linux_user, maxText),
    ...(facts.metadata.linux_users === undefined ? {} : { linux_users: plainAccounts(facts.metadata.linux_users) }),
    // Made by this hub, of 32 bytes.
    ...(facts.metadata.ssh_host_key === undefined ? {} : { ssh_host_key: facts.metadata.ssh_host_key }),
  },
});

const sshKeyType = Buffer.from('ssh-ed25519');

/** The host key as a line of known_hosts has it: RFC 8709. Anything but 32 bytes is none. */
const sshHostKeyOf = (raw: Uint8Array | undefined): { ssh_host_key?: string } => {
  if (raw?.length !== 32) return {};
  const part = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return { ssh_host_key: `ssh-ed25519 ${Buffer.concat([part(sshKeyType), part(raw)]).toString('base64')}` };
};

/** Names that could not be requested are left out, because a changed name would be that of another account. `*` is only at the end. */
const plainAccounts = (names: readonly string[]): string[] => {
  const listed = names.slice(0, maxLinuxUsers);
  const named = [...new Set(listed)].filter((name) => LinuxUserName.safeParse(name).success);
  return [...named, ...(listed.includes(anyLinuxUser) ? [anyLinuxUser] : [])];
};

/** The description and tags that an agent sends when it enrols by API key. The UI shows them like those that the owner wrote. */
export const readLabels = (facts: MachineFacts | undefined): Pick<MachineRecord, 'description' | 'tags'> =>
  plainLabels({ description: facts?.description ?? '', tags: facts?.tags ?? [] });

export const plainLabels = ({
  description,
  tags,
}: Pick<MachineRecord, 'description' | 'tags'>): Pick<MachineRecord, 'description' | 'tags'> => ({
  description: plainLines(description, maxDescription),
  tags: [...new Set(tags.slice(0, maxTags).map((tag) => plainText(tag.normalize('NFKC'), maxTag)))].filter(
    (tag) => tag !== '',
  ),
});

/** Resource figures of an agent, limited to what the API allows: finite, not negative, percentages up to 100. */
export const readStats = (stats: WireStats): ResourceStats =>
  plainStats({
    cpu_percent: stats.cpuPercent,
    memory_percent: stats.memoryPercent,
    disk_percent: stats.diskPercent,
    network_inbound: stats.networkInbound,
    network_outbound: stats.networkOutbound,
  });

export const plainStats = (stats: ResourceStats): ResourceStats => ({
  cpu_percent: measured(stats.cpu_percent, 100),
  memory_percent: measured(stats.memory_percent, 100),
  disk_percent: measured(stats.disk_percent, 100),
  network_inbound: measured(stats.network_inbound, maxThroughput),
  network_outbound: measured(stats.network_outbound, maxThroughput),
});

export const readUptime = (seconds: bigint | number): number => count(seconds, maxUptimeSeconds);

/** How a session ended, as reported by its agent. */
export const readEnd = (ended: SessionEnded): { cause: string; exit_code: number | null; signal: string | null } => ({
  cause: plainText(ended.cause, 64) || 'unknown',
  exit_code: ended.exitCode ?? null,
  signal: readSignal(ended.signal),
});

/** The name of a signal; null for none. */
export const readSignal = (signal: string | undefined): string | null => plainText(signal ?? '', 32) || null;

/** A line of at most `max` code units. */
const line = (text: string, max: number): string => plainText(text, max).slice(0, max).toWellFormed();

/** The title of a session, as reported by its agent. */
export const readTitle = (said: SessionTitle): SessionTitlesEvent['titles'][number] => ({
  session_id: said.sessionId.toString('base64url'),
  title: line(said.title, maxSessionTitle),
  command: line(said.command, maxSessionTitle),
  directory: line(said.directory, maxSessionDirectory),
});
