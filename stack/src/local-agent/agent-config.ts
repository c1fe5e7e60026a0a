import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';
import { reasonOf, StackFailure } from '../failure.ts';
import { type Account, apiKeyOf, type Door, type DoorPatience } from './api-key.ts';

export interface AgentFacts {
  /** A folder for the agent's own files. */
  readonly folder: string;
  /** The gateway. */
  readonly door: Door;
  /** The hub: host:port unless the gateway tells it, and the private CA (PEM) that vouches for it. */
  readonly hub?: { readonly address?: string; readonly ca: string | undefined };
  readonly name: string;
  readonly linuxUser: string;
  readonly admin: Account;
  /** For a gateway that may not answer yet; default: it does. */
  readonly patience?: DoorPatience;
}

/** JSON is YAML too. */
const render = ({ door, hub, linuxUser, name }: AgentFacts, token: string): string => {
  const pinned = hub?.ca === undefined ? {} : { ca: hub.ca, tls: true };
  const config = { host: door.url, token, linux_user: linuxUser, name, ...pinned, grpc: hub?.address };
  return `${JSON.stringify(config, null, 2)}\n`;
};

/** The line of the host, in the JSON that we wrote and in the YAML that the agent writes. */
const hostLine = /^(\s*"?host"?:\s*)"?[^"\s,]+"?(,?)$/m;

/**
 * Writes the configuration of this machine's agent at the first start (a file, for a key on a command line is seen by every
 * user), and follows the gateway's URL later. Gives the file's path.
 * @throws StackFailure when the API key cannot be had
 */
export const configureAgent = async (facts: AgentFacts): Promise<string> => {
  makePrivateFolder(facts.folder);
  const file = join(facts.folder, 'agent.yaml');
  if (existsSync(file)) {
    const before = readFileSync(file, 'utf8');
    const after = before.replace(hostLine, (_line, start, end) => `${start}${JSON.stringify(facts.door.url)}${end}`);
    if (after !== before) writePrivateFile(file, after);
    return file;
  }
  try {
    writePrivateFile(file, render(facts, await apiKeyOf(facts.door, facts.admin, facts.patience)));
    return file;
  } catch (error) {
    throw new StackFailure(`the agent ${facts.name} cannot be set up: ${reasonOf(error)}`);
  }
};
