import path from 'node:path';
import type { Command } from '@webxterm/contracts/grpc';
import { variableName } from '@webxterm/contracts/variable-name';
import type { LinuxUser } from '../shell/linux-user.ts';

/** Shells whose users may start any program anyway, so that no variable gives them more. */
const freeShells = new Set(['sh', 'ash', 'bash', 'dash', 'ksh', 'mksh', 'zsh', 'fish', 'csh', 'tcsh']);

/**
 * The environment variables of a command.
 * @throws Error for a name that no variable has, or that the agent itself uses; for any variable if the shell of the account may be one that
 * restricts its user (rbash, git-shell, a menu): PATH, LD_PRELOAD or GIT_CONFIG_* would lead out of it
 */
export const variablesOf = (
  { kept }: Pick<Command, 'kept'>,
  { name: user, shell }: Pick<LinuxUser, 'name' | 'shell'>,
): Record<string, string> => {
  const { environment = [] } = kept ?? {};
  const wrong = environment.find(({ name }) => !variableName.test(name));
  if (wrong !== undefined)
    throw new Error(`${JSON.stringify(wrong.name)} cannot be the name of an environment variable.`);
  if (environment.length > 0 && !freeShells.has(path.basename(shell)))
    throw new Error(
      `${user} has the shell ${shell}, which may restrict what is run, and environment variables could lead out of it. Run the command without them.`,
    );
  return Object.fromEntries(environment.map(({ name, value }) => [name, value.replaceAll('\0', '')]));
};
