import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';

/** Programs of the machine that the agent starts others with; undefined where they are not there. */
export type LoginTools = {
  bash: string | undefined;
  setpriv: string | undefined;
  runuser: string | undefined;
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

/** Looked up each time: machines change while agents run. */
export const findLoginTools = async (
  exists: (path: string) => boolean = isExecutable,
  ofUtilLinux: (su: string) => Promise<boolean> = isOfUtilLinux,
): Promise<LoginTools> => {
  const [su, setsid] = [find('su', exists), find('setsid', exists)];
  const usable = su !== undefined && setsid !== undefined && (await ofUtilLinux(su));
  return {
    bash: find('bash', exists),
    setpriv: find('setpriv', exists),
    runuser: find('runuser', exists),
    env: find('env', exists),
    su: usable ? { su, setsid } : undefined,
  };
};
