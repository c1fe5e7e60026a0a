import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';

/** An account of passwd(5). */
export type LinuxUser = { name: string; uid: number; gid: number; home: string; shell: string };

const run = promisify(execFile);
/** Characters that no name in passwd(5) can contain. All other names may exist: `CORP\alice`, `alice@corp`, `1001user`, `jörg`. */
const impossible = /^$|[:\n\0]/;
/** A name that getent takes for a uid, by strtoul(3): also `+1001` and, by overflow, a negative one. */
const uidOfGetent = /^\s*[+-]?\d+$/;

/** Parses one line of passwd(5). Undefined if it is malformed. */
export const parsePasswdLine = (line: string): LinuxUser | undefined => {
  const [name, , uid, gid, , home, shell] = line.trim().split(':');
  if (name === undefined || name === '' || uid === undefined || gid === undefined || shell === undefined) {
    return undefined;
  }
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  return { name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' };
};

/** The account of this process. Its home is $HOME if set, as for every program started by a user. */
export const ownUser = (): LinuxUser => {
  const { username, uid, gid, shell } = os.userInfo();
  return { name: username, uid, gid, home: os.homedir(), shell: shell ?? '/bin/sh' };
};

/** The account with this name in the machine's name service, including LDAP, or undefined. Without getent, /etc/passwd is used. */
export const findUser = async (name: string): Promise<LinuxUser | undefined> => {
  if (impossible.test(name)) return undefined;
  if (name === os.userInfo().username) return ownUser();
  let fromService = true;
  const lines = await run('getent', [...(name.startsWith('-') ? ['--'] : []), 'passwd', name], { timeout: 5000 })
    .then(({ stdout }) => stdout)
    .catch((error: unknown) => {
      // Exit code 2: getent ran, and the user does not exist.
      if (error instanceof Error && 'code' in error && error.code === 2) return '';
      fromService = false;
      return readFile('/etc/passwd', 'utf8');
    });
  for (const line of lines.split('\n')) {
    const user = parsePasswdLine(line);
    // A directory may accept several spellings of a name.
    if (user !== undefined && (user.name === name || (fromService && !uidOfGetent.test(name)))) return user;
  }
  return undefined;
};
