import { accessSync, constants } from 'node:fs';
import { type CommandLine, withoutDescriptors } from './close-descriptors.ts';
import type { LinuxUser } from './linux-user.ts';

/** A program to start: file, arguments, the whole environment and the working directory. */
export type Launch = { file: string; args: string[]; env: Record<string, string>; cwd: string };

export type RunAsOptions = {
  user: LinuxUser;
  /** uid of the agent process. */
  processUid: number;
  /** False: the program and all its children can never gain rights (sudo refuses). */
  allowSudo: boolean;
  /** Overridden in tests. */
  exists?: (path: string) => boolean;
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const firstOf = (paths: readonly string[], exists: (path: string) => boolean): string | undefined => paths.find(exists);

const path = (uid: number): string =>
  uid === 0
    ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    : '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games';

/** What every shell and command is started with. Nothing of the agent's own environment goes in: it may hold secrets. */
export const userEnvironment = (user: LinuxUser): Record<string, string> => ({
  HOME: user.home,
  SHELL: user.shell,
  USER: user.name,
  LOGNAME: user.name,
  PATH: path(user.uid),
  TERM: 'xterm-256color',
  COLORTERM: 'truecolor',
  LANG: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8',
});

const assignments = (env: Record<string, string>): string[] =>
  Object.entries(env).map(([key, value]) => `${key}=${value}`);

/**
 * The launch of `program` as the user, with none of the agent's descriptors.
 * @throws Error with a sentence for a person when it cannot be done.
 */
export const runAs = (program: readonly [string, ...string[]], options: RunAsOptions): Launch => {
  const { user, exists = isExecutable } = options;
  const commandLine = withoutDescriptors(asUser(program, { ...options, exists }), exists);
  return { ...commandLine, env: userEnvironment(user), cwd: user.home };
};

/**
 * As root through setpriv, which takes on the user's own supplementary groups and drops root's (node-pty's uid and gid would
 * keep the parent's groups), then execs, so pid, signals and exit code are the program's own; `env` puts back what
 * --reset-env takes. Without setpriv through runuser. Not as root only as oneself.
 */
const asUser = (program: readonly [string, ...string[]], options: Required<RunAsOptions>): CommandLine => {
  const { user, processUid, allowSudo, exists } = options;
  const env = firstOf(['/usr/bin/env', '/bin/env'], exists) ?? '/usr/bin/env';
  const variables = assignments(userEnvironment(user));
  if (processUid !== 0) {
    if (user.uid === processUid) return { file: env, args: ['-i', ...variables, ...program] };
    throw new Error(
      `The agent runs as uid ${processUid} and can open shells only as itself, not as ${user.name}: run it as root, or configure it with its own user.`,
    );
  }
  const setpriv = firstOf(['/usr/bin/setpriv', '/bin/setpriv'], exists);
  if (setpriv !== undefined) {
    const noNewPrivileges = allowSudo || user.uid === 0 ? [] : ['--no-new-privs'];
    const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--reset-env', ...noNewPrivileges];
    return { file: setpriv, args: [...identity, '--', env, '-i', ...variables, ...program] };
  }
  const runuser = firstOf(['/usr/sbin/runuser', '/sbin/runuser'], exists);
  if (runuser !== undefined) {
    return { file: runuser, args: ['-u', user.name, '--', env, '-i', ...variables, ...program] };
  }
  throw new Error(
    'Neither setpriv nor runuser (package util-linux) is on this machine: the agent cannot change to another user safely.',
  );
};
