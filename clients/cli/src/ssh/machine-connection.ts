import type { Machine } from '@webxterm/contracts/rest';
import { sshRights } from '@webxterm/contracts/session-kinds';
import { plainText } from '@webxterm/contracts/text';
import { ForwardStream } from '@webxterm/terminal-client/node';
import { exitCode, Failure } from '../failure.ts';
import type { Server } from '../server/server.ts';

/** The key with which the ssh server of the machine proves who it is. @throws Failure if ssh cannot be used there */
export const hostKeyOf = ({ name, my_rights: rights, metadata }: Machine): string => {
  const shown = plainText(name, 64);
  if (rights !== undefined && !sshRights.some((right) => rights.includes(right)))
    throw new Failure(
      `You may not use ssh on ${shown}: that needs one of the rights ${sshRights.join(', ')}.`,
      exitCode.refused,
    );
  if (metadata.ssh_host_key === undefined)
    throw new Failure(`The agent of ${shown} has no ssh server, or has not been connected since it has: update it.`);
  return metadata.ssh_host_key;
};

/** The bytes of a connection to the ssh server of a machine. `linuxUser`: undefined for the default of the machine. */
export const openSshStream = (
  { url, token }: Server,
  { agent_id: agentId }: Machine,
  linuxUser: string | undefined,
): ForwardStream => new ForwardStream({ url: url.origin, agentId, linuxUser, token: async () => token });
