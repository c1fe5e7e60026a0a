import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';
import { reasonOf, StackFailure } from '../failure.ts';
import { type Account, type GatewayAddress, type GatewayPatience, registrationTokenOf } from './registration.ts';

export interface AgentFacts {
  /** Folder of the agent's files. */
  readonly folder: string;
  /** The gateway. */
  readonly gateway: GatewayAddress;
  /** The hub: host:port (undefined: the gateway names it), and the private CA (PEM) of its certificate. */
  readonly hub?: { readonly address?: string; readonly ca: string | undefined };
  readonly name: string;
  readonly linuxUser: string;
  readonly admin: Account;
  /** How long to wait for a gateway that is not available yet. Default: no wait. */
  readonly patience?: GatewayPatience;
}

/** JSON is valid YAML. */
const render = ({ gateway, hub, linuxUser, name }: AgentFacts, token: string): string => {
  const pinned = hub?.ca === undefined ? {} : { ca: hub.ca, tls: true };
  const config = { host: gateway.url, token, linux_user: linuxUser, name, ...pinned, grpc: hub?.address };
  return `${JSON.stringify(config, null, 2)}\n`;
};

/** Matches the line of the host, in the JSON that this code writes and in the YAML that the agent writes. */
const hostLine = /^(\s*"?host"?:\s*)"?[^"\s,]+"?(,?)$/m;

/**
 * Writes the configuration of this machine's agent at the first start, and updates the gateway's URL later. Uses a file, because every user
 * can see a token on a command line. Returns the path of the file.
 * @throws StackFailure if the machine cannot be added
 */
export const configureAgent = async (facts: AgentFacts): Promise<string> => {
  makePrivateFolder(facts.folder);
  const file = join(facts.folder, 'agent.yaml');
  if (existsSync(file)) {
    const before = readFileSync(file, 'utf8');
    const after = before.replace(hostLine, (_line, start, end) => `${start}${JSON.stringify(facts.gateway.url)}${end}`);
    if (after !== before) writePrivateFile(file, after);
    return file;
  }
  try {
    const { gateway, admin, name, patience } = facts;
    writePrivateFile(file, render(facts, await registrationTokenOf(gateway, admin, name, patience)));
    return file;
  } catch (error) {
    throw new StackFailure(`the agent ${facts.name} cannot be set up: ${reasonOf(error)}`);
  }
};
