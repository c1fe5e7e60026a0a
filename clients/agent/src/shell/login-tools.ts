import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';

/** Programs of the machine that the agent uses to start others. Undefined if not installed. */
export type LoginTools = {
  bash: string | undefined;
  /** setpriv of util-linux, which can change the user. */
  setpriv: string | undefined;
  /** Any setpriv with --no-new-privs, including that of busybox. */
  noNewPrivs: string | undefined;
  env: string | undefined;
  /** su of util-linux, which opens a PAM session, and setsid, which creates a process session for it. */
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

/** busybox and the old shadow suite have their own su, with other options and no exit status for signals. */
const isOfUtilLinux = (su: string): Promise<boolean> =>
  promisify(execFile)(su, ['--version'], { timeout: 5000 }).then(
    ({ stdout }) => stdout.includes('util-linux'),
    () => false,
  );

/**
 * Why shells and commands of other users are not full logins, and how to fix it, as a sentence. Undefined if they are full logins, or if
 * the agent is not root, because only root can open logins.
 */
export const loginShortcoming = ({ bash, su }: LoginTools, processUid: number): string | undefined => {
  if (processUid !== 0 || process.platform !== 'linux' || (bash !== undefined && su !== undefined)) return undefined;
  const missing = [
    ...(su === undefined ? ['su and setsid of util-linux'] : []),
    ...(bash === undefined ? ['bash'] : []),
  ];
  return `Shells are no logins of PAM (no limits, no session of their own, no entry in who) for lack of ${missing.join(' and ')}: install ${missing.length > 1 ? 'them' : 'it'}; the next shell will use ${missing.length > 1 ? 'them' : 'it'}.`;
};

/** Looked up each time, because machines change while agents run. */
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
