import path from 'node:path';
import { asAccount, type CommandLine, withoutDescriptors } from './close-descriptors.ts';
import type { LinuxUser } from './linux-user.ts';
import type { LoginTools } from './login-tools.ts';
import { markerVariable } from './processes.ts';
import { firstStage, type Stage, userStage, userStageInSh } from './stages.ts';

/** A program to start: file, arguments, the whole environment and the working directory. */
export type Launch = CommandLine & {
  env: Record<string, string>;
  cwd: string;
  /** uid of the user whose terminal this is; undefined: it stays the agent's own. */
  terminalOf?: number | undefined;
  /** The user's name, where su is the parent of the program and holds its session: the program is its only child. */
  login?: string | undefined;
  /** Descriptor 3 is a channel on which the start is told with a NUL byte. */
  controlled?: boolean | undefined;
};

export type RunAsOptions = {
  user: LinuxUser;
  /** uid of the agent process. */
  processUid: number;
  /** False: the program and all its children can never gain rights (sudo refuses). */
  allowSudo: boolean;
  tools: LoginTools;
  /** A line for the person, before the program starts. */
  notice?: string | undefined;
};

/** The user's shell on a terminal, or a command line in it, whose processes carry a marker. */
export type Purpose = { kind: 'login' } | { kind: 'command'; line: string; marker: string };

const searchPath = (uid: number): string =>
  uid === 0
    ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    : '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games';

/** What a program is started with where no PAM says. Nothing of the agent's own environment goes in: it may hold secrets. */
export const userEnvironment = (user: LinuxUser): Record<string, string> => ({
  HOME: user.home,
  SHELL: user.shell,
  USER: user.name,
  LOGNAME: user.name,
  PATH: searchPath(user.uid),
  TERM: 'xterm-256color',
  COLORTERM: 'truecolor',
  LANG: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8',
});

const assignments = (env: Record<string, string>): string[] =>
  Object.entries(env).map(([key, value]) => `${key}=${value}`);

/** A login shell is one whose name begins with a dash: not every shell knows -l (menus, git-shell, interpreters). */
const programOf = (user: LinuxUser, purpose: Purpose): CommandLine & { name: string } =>
  purpose.kind === 'login'
    ? { file: user.shell, args: [], name: `-${path.basename(user.shell)}` }
    : { file: user.shell, args: ['-c', purpose.line], name: path.basename(user.shell) };

/**
 * How the user's shell, or a command line in it, is started: as a login (PAM) where the agent is root and the machine has
 * what it takes, as the user alone elsewhere (docs/adr/0022).
 * @throws Error with a sentence for a person when it cannot be done.
 */
export const runAs = (purpose: Purpose, options: RunAsOptions): Launch => {
  const { user, processUid, tools } = options;
  const { su, bash } = tools;
  if (processUid === 0 && su !== undefined && bash !== undefined && mayKeepRights(options)) {
    return throughPam(purpose, options, { ...su, bash });
  }
  const terminalOf = purpose.kind === 'login' && processUid === 0 ? user.uid : undefined;
  const rest = { env: userEnvironment(user), cwd: '/', terminalOf };
  if (bash === undefined) {
    const { name, ...command } = programOf(user, purpose);
    const { file, args } = userStageInSh(command, purpose.kind === 'login' ? name : undefined);
    const program: [string, ...string[]] = [file, ...args];
    const marked = purpose.kind === 'command' ? { [markerVariable]: purpose.marker } : {};
    return { ...withoutDescriptors(asUser(program, options, marked)), ...rest };
  }
  const controlled = purpose.kind === 'command';
  const stage = { controlled, ownStderr: false };
  const next = userStageOf(bash, purpose, options, stage);
  const first = asUser([next.file, ...next.args], options);
  if (process.platform !== 'linux') return { ...first, ...rest, controlled };
  const order = { ...stage, terminal: !controlled, auditUid: undefined };
  return { ...firstStage(bash, first, order), ...rest, controlled };
};

/** Without setpriv nothing could keep a program from gaining rights. */
const mayKeepRights = ({ allowSudo, user, tools }: RunAsOptions): boolean =>
  allowSudo || user.uid === 0 || tools.noNewPrivs !== undefined;

const userStageOf = (bash: string, purpose: Purpose, options: RunAsOptions, stage: Stage): CommandLine => {
  const { name, ...program } = programOf(options.user, purpose);
  return userStage(bash, program, name, {
    ...stage,
    shell: options.user.shell,
    waits: purpose.kind === 'command',
    entersHome: !stage.ownStderr,
    completesEnvironment: stage.ownStderr,
    marker: purpose.kind === 'command' ? purpose.marker : undefined,
    notice: options.notice,
  });
};

const noNewPrivileges = ({ allowSudo, user }: RunAsOptions): string[] =>
  allowSudo || user.uid === 0 ? [] : ['--no-new-privs'];

/**
 * su checks the account, opens the session (limits, environment, scope of logind) and waits: the program is a session of
 * processes of its own, with the terminal as its own, as sshd has it. What su itself says goes to the channel.
 */
const throughPam = (
  purpose: Purpose,
  options: RunAsOptions,
  { su, setsid, bash }: { su: string; setsid: string; bash: string },
): Launch => {
  const { user, tools } = options;
  const terminal = purpose.kind === 'login';
  const stage = { controlled: true, ownStderr: true };
  const inner = userStageOf(bash, purpose, options, stage);
  const session = [...(terminal ? ['--ctty'] : []), inner.file, ...inner.args];
  const command = [su, '-l', '-s', setsid, '--', user.name, ...session];
  const rights = noNewPrivileges(options);
  const [file = su, ...args] =
    rights.length > 0 && tools.noNewPrivs !== undefined ? [tools.noNewPrivs, ...rights, '--', ...command] : command;
  return {
    ...firstStage(bash, { file, args }, { ...stage, terminal, auditUid: user.uid }),
    env: { PATH: searchPath(0), LC_ALL: 'C', ...(terminal ? { TERM: 'xterm-256color', COLORTERM: 'truecolor' } : {}) },
    cwd: '/',
    terminalOf: terminal ? user.uid : undefined,
    login: user.name,
    controlled: true,
  };
};

/**
 * As root through setpriv, which takes on the user's own supplementary groups and drops root's, then execs, so pid, signals and
 * exit code are the program's own; `env` puts back what --reset-env takes. Where util-linux is missing (busybox) through Node. Not as
 * root only as oneself.
 */
const asUser = (
  program: readonly [string, ...string[]],
  options: RunAsOptions,
  more: Record<string, string> = {},
): CommandLine => {
  const { user, processUid, tools } = options;
  const env = tools.env ?? '/usr/bin/env';
  const variables = assignments({ ...userEnvironment(user), ...more });
  if (processUid !== 0) {
    if (user.uid === processUid) return { file: env, args: ['-i', ...variables, ...program] };
    throw new Error(
      `The agent runs as uid ${processUid} and can open shells only as itself, not as ${user.name}: run it as root, or configure it with its own user.`,
    );
  }
  if (tools.setpriv !== undefined) {
    const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--reset-env'];
    return {
      file: tools.setpriv,
      args: [...identity, ...noNewPrivileges(options), '--', env, '-i', ...variables, ...program],
    };
  }
  const rights = noNewPrivileges(options);
  if (process.platform === 'linux' && mayKeepRights(options)) {
    const kept = rights.length > 0 && tools.noNewPrivs !== undefined ? [tools.noNewPrivs, ...rights, '--'] : [];
    const [file = env, ...args] = [...kept, env, '-i', ...variables, ...program];
    return asAccount({ file, args }, user);
  }
  throw new Error(
    'Without setpriv (util-linux or busybox) nothing would keep a shell from gaining rights: install it, or configure with --allow-sudo.',
  );
};
