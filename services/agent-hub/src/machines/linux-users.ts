import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import { AppError } from '@webxterm/shared';
import type { Link, LinkIdentity } from '../agent-links/link.ts';
import type { Allowed } from './access-rule.ts';

/** The Linux users that terminals and commands of one person are limited to. Null: all of the machine. */
type Limit = Allowed['linuxUsers'];

/** The Linux users of a machine that a person may use, the default first. `ofMachine`: as its agent reports them. */
export const offeredTo = (limit: Limit, ofMachine: readonly string[]): string[] => {
  if (limit === null) return [...ofMachine];
  const listed = ofMachine.filter((name) => limit.includes(name));
  // The agent decides whether `*` stands for an account of the grant that is not in its list.
  return ofMachine.includes(anyLinuxUser) ? [...new Set([...listed, ...limit])] : listed;
};

/** Whether a person may use this Linux user of a machine. */
export const mayUse = (limit: Limit, name: string): boolean => limit === null || limit.includes(name);

/** @throws AppError linux_user_refused */
export const requireLinuxUser = (limit: Limit, name: string): void => {
  if (mayUse(limit, name)) return;
  throw new AppError(
    'linux_user_refused',
    `Your access to this machine does not include the Linux user ${name}, only: ${limit?.join(', ')}.`,
  );
};

/**
 * The Linux user of a new session or a command. The agent checks it against its own configuration, which this hub cannot widen.
 * @param requested empty: the default
 * @throws AppError linux_user_refused
 */
export const chooseLinuxUser = (
  requested: string,
  limit: Limit,
  { identity, capabilities }: Pick<Link, 'capabilities'> & { readonly identity: Pick<LinkIdentity, 'linuxUsers'> },
): string => {
  const { linuxUsers } = identity;
  const name = requested || offeredTo(limit, linuxUsers).find((offered) => offered !== anyLinuxUser);
  if (name === undefined)
    throw new AppError(
      'linux_user_refused',
      `Your access to this machine is limited to the Linux users ${limit?.join(', ')}, and its agent opens shells only as: ${linuxUsers.join(', ')}.`,
    );
  requireLinuxUser(limit, name);
  if (!capabilities.includes('linux_users') && name !== linuxUsers[0])
    throw new AppError(
      'linux_user_refused',
      `The agent of this machine opens no shells as ${name}, only as ${linuxUsers[0]}. Update the agent.`,
    );
  return name;
};
