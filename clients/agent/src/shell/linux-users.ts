import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { anyLinuxUser, maxLinuxUsers } from '@webxterm/contracts/linux-users';
import { findUser, type LinuxUser, parsePasswdLine } from './linux-user.ts';

/** The request names an account that this machine's configuration does not allow. */
export class LinuxUserRefused extends Error {}

type NamedUsers = { linux_user: string; other_linux_users?: readonly string[] | undefined };

/** The accounts that the configuration allows, the default first. `*` at the end: any other account with a login shell, too. */
export const allowedUsers = ({ linux_user, other_linux_users = [] }: NamedUsers): readonly string[] => {
  const named = new Set([linux_user, ...other_linux_users]);
  const any = named.delete(anyLinuxUser);
  return [...named, ...(any ? [anyLinuxUser] : [])];
};

/** The accounts in a sentence. */
export const describeUsers = (allowed: readonly string[]): string => {
  const named = allowed.filter((name) => name !== anyLinuxUser).join(', ');
  return named.length < allowed.join(', ').length ? `${named}, or any account with a login shell` : named;
};

/** Shells that end at once. Some systems list them in /etc/shells. */
const noShells: ReadonlySet<string> = new Set(['nologin', 'false', 'true', 'sync', 'halt', 'shutdown']);

/** Whether people may log in to the account by its shell. `shells`: the lines of /etc/shells, undefined if it is missing. */
export const hasLoginShell = ({ shell }: Pick<LinuxUser, 'shell'>, shells: readonly string[] | undefined): boolean =>
  !noShells.has(path.basename(shell)) && (shells === undefined || shells.includes(shell));

const listedShells = (): Promise<readonly string[] | undefined> =>
  readFile('/etc/shells', 'utf8').then(
    (text) => text.split('\n').map((line) => line.trim()),
    () => undefined,
  );

/**
 * Finds the account that a session or a command runs as. Empty: the default. The configuration decides, whatever the hub requests. `*` never
 * stands for an account with uid 0.
 * @throws LinuxUserRefused; Error if the account does not exist
 */
export const findAllowedUser = async (allowed: readonly string[], requested: string): Promise<LinuxUser> => {
  const name = requested === '' ? (allowed[0] ?? '') : requested;
  const named = name !== anyLinuxUser && allowed.includes(name);
  if (!named && !allowed.includes(anyLinuxUser)) throw refused(allowed, name);
  const user = await findUser(name);
  if (user === undefined) throw new Error(`There is no user ${name} on this machine.`);
  if (named || (user.uid !== 0 && hasLoginShell(user, await listedShells()))) return user;
  throw refused(allowed, name);
};

const refused = (allowed: readonly string[], name: string): LinuxUserRefused =>
  new LinuxUserRefused(`This machine opens no shells as ${name}, only as ${describeUsers(allowed)}.`);

/** The accounts to offer. For `*` those of /etc/passwd that it stands for, as far as there is room, and `*` itself at the end. */
export const offeredUsers = async (allowed: readonly string[]): Promise<string[]> => {
  if (!allowed.includes(anyLinuxUser)) return allowed.slice(0, maxLinuxUsers);
  const [passwd, shells] = await Promise.all([readFile('/etc/passwd', 'utf8').catch(() => ''), listedShells()]);
  const named = allowed.filter((name) => name !== anyLinuxUser);
  const others = passwd
    .split('\n')
    .map(parsePasswdLine)
    .filter((user) => user !== undefined && user.uid !== 0 && hasLoginShell(user, shells))
    .flatMap((user) => (user === undefined || named.includes(user.name) ? [] : [user.name]));
  return [...[...named, ...others].slice(0, maxLinuxUsers - 1), anyLinuxUser];
};
