import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { LinuxUser } from './linux-user.ts';

/** What the machine says about logins: nologin(5), and the user's line of shadow(5), which only root can read. */
export type AccountFacts = { nologin: string | undefined; shadow: string | undefined; nowMs: number };

const run = promisify(execFile);
const dayMs = 86_400_000;
/** In the order in which pam_nologin(8) looks. */
const nologinFiles = ['/run/nologin', '/etc/nologin'];

const days = (field: string | undefined): number | undefined =>
  field === undefined || !/^\d+$/.test(field) ? undefined : Number(field);

/** As pam_unix(8): the account's own last day, or a password that was over for longer than its days of grace. */
const hasExpired = (shadow: string, nowMs: number): boolean => {
  const [, , changed, , atMost, , grace, expires] = shadow.split(':').map((field) => field.trim());
  const today = Math.floor(nowMs / dayMs);
  const lastDay = days(expires);
  if (lastDay !== undefined && today >= lastDay) return true;
  const [changedOn, maxAge, graceDays] = [days(changed), days(atMost), days(grace)];
  if (changedOn === undefined || maxAge === undefined || graceDays === undefined || changedOn === 0) return false;
  return today > changedOn + maxAge + graceDays;
};

/** As pam_unix(8): at the next login (`chage -d 0`, which is day 0), or because the password is over its days. */
const mustChangePassword = (shadow: string, nowMs: number): boolean => {
  const [, , changed, , atMost] = shadow.split(':').map((field) => field.trim());
  const [changedOn, maxAge] = [days(changed), days(atMost)];
  if (changedOn === undefined) return false;
  return changedOn === 0 || (maxAge !== undefined && Math.floor(nowMs / dayMs) > changedOn + maxAge);
};

/** `passwd -l` and `usermod -L` put "!" before the hash; an account that never had a password has a bare "!" or "*". */
const isLocked = (shadow: string): boolean => /^!+[^!*:]/.test(shadow.split(':')[1] ?? '');

/** Why nobody may log in as the user, for a person; undefined when one may. root is let in for repairs, as pam_nologin does. */
export const loginRefusal = (user: LinuxUser, { nologin, shadow, nowMs }: AccountFacts): string | undefined => {
  if (user.uid === 0) return undefined;
  if (nologin !== undefined) return nologin.trim() || 'Logins are closed on this machine (nologin).';
  if (shadow === undefined) return undefined;
  if (hasExpired(shadow, nowMs)) return `The account ${user.name} has expired. Ask the administrator of the machine.`;
  // sshd asks for a new one on the terminal, and refuses what has none; there is nobody here whose password it is.
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

/** @throws Error with the reason when nobody may log in as the user now. */
export const assertMayLogIn = async (user: LinuxUser): Promise<void> => {
  const [nologin, shadow] = await Promise.all([firstThatIsThere(nologinFiles), shadowLine(user)]);
  const refusal = loginRefusal(user, { nologin, shadow, nowMs: Date.now() });
  if (refusal !== undefined) throw new Error(refusal);
};
