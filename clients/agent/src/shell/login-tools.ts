import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';

/** Programs of the machine that the agent starts others with; undefined where they are not there. */
export type LoginTools = {
  bash: string | undefined;
  /** That of util-linux, which changes the user. */
  setpriv: string | undefined;
  /** A setpriv that takes --no-new-privs: busybox has one, too. */
  noNewPrivs: string | undefined;
  env: string | undefined;
  /** su of util-linux, which opens a session of PAM, and what gives it a session of processes. */
  su: { su: string; setsid: string } | undefined;
};

export const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

const find = (name: string, exists: (path: string) => boolean): string | undefined =>
  folders.map((folder) => `${folder}/${name}`).find(exists);

/** busybox and the old shadow suite have a su of their own, with other options and without an exit status of signals. */
const isOfUtilLinux = (su: string): Promise<boolean> =>
  promisify(execFile)(su, ['--version'], { timeout: 5000 }).then(
    ({ stdout }) => stdout.includes('util-linux'),
    () => false,
  );

/**
 * What shells and commands of other users lack here, and what to do about it, in a sentence; undefined when they are whole logins.
 * Only root can open logins at all.
 */
export const loginShortcoming = ({ bash, su }: LoginTools, processUid: number): string | undefined => {
  if (processUid !== 0 || process.platform !== 'linux' || (bash !== undefined && su !== undefined)) return undefined;
  const missing = [
    ...(su === undefined ? ['su and setsid of util-linux'] : []),
    ...(bash === undefined ? ['bash'] : []),
  ];
  return `Shells are no logins of PAM (no limits, no session of their own, no entry in who) for lack of ${missing.join(' and ')}: install ${missing.length > 1 ? 'them' : 'it'}; the next shell will use ${missing.length > 1 ? 'them' : 'it'}.`;
};

/** Looked up each time: machines change while agents run. */
export const findLoginTools = async (
  exists: (path: string) => boolean = isExecutable,
  ofUtilLinux: (su: string) => Promise<boolean> = isOfUtilLinux,
): Promise<LoginTools> => {
  const [su, setsid, setpriv] = [find('su', exists), find('setsid', exists), find('setpriv', exists)];
  const usable = su !== undefined && setsid !== undefined && (await ofUtilLinux(su));
  const changesUser = setpriv !== undefined && (usable || (await ofUtilLinux(setpriv)));
  return {
    bash: find('bash', exists),
    setpriv: changesUser ? setpriv : undefined,
    noNewPrivs: setpriv,
    env: find('env', exists),
    su: usable ? { su, setsid } : undefined,
  };
};
