import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import type { AgentConfig } from '../configuration/agent-config.ts';
import { exitCode, Failure } from '../failure.ts';

/**
 * The settings for the accounts of `--linux-user`. `own`: the account that runs this command, the default without any.
 * @throws Failure for accounts that an agent without root cannot switch to, and if `*` would make root the default
 */
export const chosenUsers = (
  given: readonly string[],
  own: { username: string; uid: number },
): Pick<AgentConfig, 'linux_user' | 'other_linux_users'> => {
  const named = [...new Set(given)].filter((name) => name !== anyLinuxUser);
  const any = given.includes(anyLinuxUser);
  const [first = own.username, ...others] = named;
  if (own.uid !== 0 && (any || others.length > 0))
    throw new Failure(
      `Without root the agent opens shells only as ${own.username}: leave --linux-user out, or run this with sudo.`,
      exitCode.usage,
    );
  if (any && named.length === 0)
    throw new Failure(
      `Name the account that is used by default, too: --linux-user NAME --linux-user '*'. The sign * never stands for root.`,
      exitCode.usage,
    );
  const more = [...others, ...(any ? [anyLinuxUser] : [])];
  // Left out otherwise, because an agent of the version before does not know it.
  return { linux_user: first, ...(more.length === 0 ? {} : { other_linux_users: more }) };
};
