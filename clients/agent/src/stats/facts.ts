import { statfs } from 'node:fs/promises';
import os from 'node:os';
import type { MachineFacts } from '@webxterm/contracts/grpc';
import type { AgentConfig } from '../configuration/agent-config.ts';
import { allowedUsers, offeredUsers } from '../shell/linux-users.ts';
import { agentVersion } from '../version.ts';

const mib = 1024 * 1024;

/**
 * The facts whose change is reported to the hub, as text to compare. Network addresses are not among them: the hub takes the address of the
 * connection, which breaks when that address goes, and interfaces of containers come and go all the time.
 */
export const comparedFacts = (facts: Omit<MachineFacts, 'name' | 'diskTotalGb' | 'description' | 'tags'>): string => {
  const { hostname, os: system, osVersion, arch, cpuCores, memTotalMb, linuxUser, processUser, agentVersion } = facts;
  const hostKey = facts.sshHostKey.toString('base64url');
  const accounts = [linuxUser, ...facts.linuxUsers, processUser];
  const compared = [hostname, system, osVersion, arch, cpuCores, memTotalMb, ...accounts, agentVersion, hostKey];
  return compared.map(String).join('\n');
};

/** The facts about this machine, sent to the hub at each dial. */
export const machineFacts = async (
  config: Pick<AgentConfig, 'name' | 'linux_user' | 'other_linux_users'>,
  sshHostKey: Buffer = Buffer.alloc(0),
): Promise<MachineFacts> => {
  const disk = await statfs('/');
  return {
    name: config.name,
    hostname: os.hostname(),
    os: process.platform,
    osVersion: os.release(),
    arch: process.arch === 'x64' ? 'amd64' : process.arch,
    agentVersion,
    cpuCores: os.availableParallelism(),
    memTotalMb: BigInt(Math.round(os.totalmem() / mib)),
    diskTotalGb: BigInt(Math.round((disk.blocks * disk.bsize) / 1024 ** 3)),
    linuxUser: config.linux_user,
    processUser: os.userInfo().username,
    description: '',
    tags: [],
    linuxUsers: await offeredUsers(allowedUsers(config)),
    sshHostKey,
  };
};
