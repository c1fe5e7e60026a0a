import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type AgentConfig, companionFiles } from '../configuration/agent-config.ts';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';

const machineIdFile = '/etc/machine-id';

/** A hash of the id of this operating system, or undefined if it has none yet. The id itself is confidential (machine-id(5)). */
const readMachineId = async (file: string): Promise<string | undefined> => {
  const id = (await readIfThere(file).catch(() => undefined))?.trim() ?? '';
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
  return createHash('sha256').update(`webxterm-machine-id ${id}`).digest('hex');
};

/** Removes key pairs, credential and generation, so that the next start enrols a new machine. */
export const removeIdentity = async (configPath: string): Promise<void> => {
  const { key, sshHostKey, credential, generation, status, machineId } = companionFiles(configPath);
  for (const file of [credential, generation, status, machineId, sshHostKey, key]) await rm(file, { force: true });
};

/**
 * For an agent of a golden image (`image` in the configuration): if the id of this operating system is another one than that for which the
 * key pair was made, this disk is a copy. Then the identity of the original is removed, and the agent enrols with its token.
 * @returns whether this is a copy
 */
export const leaveOriginal = async (
  configPath: string,
  config: Pick<AgentConfig, 'image'>,
  file = machineIdFile,
): Promise<boolean> => {
  if (config.image !== true) return false;
  const found = await readMachineId(file);
  if (found === undefined) return false;
  const { machineId } = companionFiles(configPath);
  const kept = (await readIfThere(machineId))?.trim();
  if (kept === found) return false;
  const isCopy = kept !== undefined;
  if (isCopy) await removeIdentity(configPath);
  await writePrivate(machineId, `${found}\n`);
  return isCopy;
};
