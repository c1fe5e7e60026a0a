import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';

/** An account as passwd(5) has it. */
export type LinuxUser = { name: string; uid: number; gid: number; home: string; shell: string };

const run = promisify(execFile);
/** What no entry of passwd(5) can hold. Which names there are, the machine says: `CORP\alice`, `alice@corp`, `1001user`, `jörg`. */
const impossible = /^$|[:\n\0]/;

/** One line of passwd(5); undefined when it is none. */
export const parsePasswdLine = (line: string): LinuxUser | undefined => {
  const [name, , uid, gid, , home, shell] = line.trim().split(':');
  if (name === undefined || name === '' || uid === undefined || gid === undefined || shell === undefined) {
    return undefined;
  }
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  return { name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' };
};

/** The account that this process runs as. Its home is $HOME where that is set, as for every program that a user starts. */
export const ownUser = (): LinuxUser => {
  const { username, uid, gid, shell } = os.userInfo();
  return { name: username, uid, gid, home: os.homedir(), shell: shell ?? '/bin/sh' };
};

/**
 * The account by that name, as the machine's name service knows it (LDAP users too); undefined when there is none.
 * Falls back to /etc/passwd where there is no getent.
 */
export const findUser = async (name: string): Promise<LinuxUser | undefined> => {
  if (impossible.test(name)) return undefined;
  if (name === os.userInfo().username) return ownUser();
  let fromService = true;
  const lines = await run('getent', [...(name.startsWith('-') ? ['--'] : []), 'passwd', name], { timeout: 5000 })
    .then(({ stdout }) => stdout)
    .catch((error: unknown) => {
      // Exit code 2: getent ran and knows no such user.
      if (error instanceof Error && 'code' in error && error.code === 2) return '';
      fromService = false;
      return readFile('/etc/passwd', 'utf8');
    });
  for (const line of lines.split('\n')) {
    const user = parsePasswdLine(line);
    // A directory may know several spellings of a name; but getent takes a number for a uid.
    if (user !== undefined && (user.name === name || (fromService && !/^\d+$/.test(name)))) return user;
  }
  return undefined;
};
