import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { LinuxUser } from './linux-user.ts';

/** Login facts of the machine: nologin(5), and the user's line of shadow(5), which only root can read. */
export type AccountFacts = { nologin: string | undefined; shadow: string | undefined; nowMs: number };

const run = promisify(execFile);
const dayMs = 86_400_000;
/** In the search order of pam_nologin(8). */
const nologinFiles = ['/run/nologin', '/etc/nologin'];

const days = (field: string | undefined): number | undefined =>
  field === undefined || !/^\d+$/.test(field) ? undefined : Number(field);

/** As in pam_unix(8): the account's last day has passed, or its password has expired beyond the grace period. */
const hasExpired = (shadow: string, nowMs: number): boolean => {
  const [, , changed, , atMost, , grace, expires] = shadow.split(':').map((field) => field.trim());
  const today = Math.floor(nowMs / dayMs);
  const lastDay = days(expires);
  if (lastDay !== undefined && today >= lastDay) return true;
  const [changedOn, maxAge, graceDays] = [days(changed), days(atMost), days(grace)];
  if (changedOn === undefined || maxAge === undefined || graceDays === undefined || changedOn === 0) return false;
  return today > changedOn + maxAge + graceDays;
};

/** As in pam_unix(8): at the next login (`chage -d 0`, that is day 0), or because the password has expired. */
const mustChangePassword = (shadow: string, nowMs: number): boolean => {
  const [, , changed, , atMost] = shadow.split(':').map((field) => field.trim());
  const [changedOn, maxAge] = [days(changed), days(atMost)];
  if (changedOn === undefined) return false;
  return changedOn === 0 || (maxAge !== undefined && Math.floor(nowMs / dayMs) > changedOn + maxAge);
};

/** `passwd -l` and `usermod -L` put "!" before the hash. An account without a password has only "!" or "*". */
const isLocked = (shadow: string): boolean => /^!+[^!*:]/.test(shadow.split(':')[1] ?? '');

/**
 * Why logins of the user are refused, as a message for the user. Undefined if they are allowed. root is always allowed, for repairs, as in
 * pam_nologin.
 */
export const loginRefusal = (user: LinuxUser, { nologin, shadow, nowMs }: AccountFacts): string | undefined => {
  if (user.uid === 0) return undefined;
  if (nologin !== undefined) return nologin.trim() || 'Logins are closed on this machine (nologin).';
  if (shadow === undefined) return undefined;
  if (hasExpired(shadow, nowMs)) return `The account ${user.name} has expired. Ask the administrator of the machine.`;
  // sshd asks for a new password on the terminal, and refuses sessions without one. The viewer here may not know the password.
  if (mustChangePassword(shadow, nowMs))
    return `The password of ${user.name} must be changed before the next login: sign in by ssh or at the console (passwd), or ask the administrator of the machine (chage).`;
  if (isLocked(shadow)) return `The account ${user.name} is locked. Ask the administrator of the machine.`;
  return undefined;
};

const firstThatIsThere = async (files: readonly string[]): Promise<string | undefined> => {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
};

const shadowLine = async ({ name }: LinuxUser): Promise<string | undefined> => {
  const line = await run('getent', [...(name.startsWith('-') ? ['--'] : []), 'shadow', name], { timeout: 5000 })
    .then(({ stdout }) => stdout.split('\n')[0])
    .catch(() => undefined);
  return line === undefined || line === '' ? undefined : line;
};

/** @throws Error with the reason if logins of the user are refused now */
export const assertMayLogIn = async (user: LinuxUser): Promise<void> => {
  const [nologin, shadow] = await Promise.all([firstThatIsThere(nologinFiles), shadowLine(user)]);
  const refusal = loginRefusal(user, { nologin, shadow, nowMs: Date.now() });
  if (refusal !== undefined) throw new Error(refusal);
};
