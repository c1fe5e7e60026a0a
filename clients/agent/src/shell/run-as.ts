import path from 'node:path';
import { asAccount, type CommandLine, withoutDescriptors } from './close-descriptors.ts';
import type { LinuxUser } from './linux-user.ts';
import type { LoginTools } from './login-tools.ts';
import { markerVariable } from './processes.ts';
import { firstStage, type Stage, userStage, userStageInSh } from './stages.ts';

/** A program to start: file, arguments, complete environment and working directory. */
export type Launch = CommandLine & {
  env: Record<string, string>;
  cwd: string;
  /** uid of the terminal's owner. Undefined: the agent's user. */
  terminalOf?: number | undefined;
  /** The user's name, if su holds the program's session. The program is then the only child of su. */
  login?: string | undefined;
  /** Descriptor 3 is a channel that reports the start with a NUL byte. */
  controlled?: boolean | undefined;
};

export type RunAsOptions = {
  user: LinuxUser;
  /** uid of the agent process. */
  processUid: number;
  /** False: the program and its children can never gain rights (sudo refuses). */
  allowSudo: boolean;
  tools: LoginTools;
  /** A line for the user, printed before the program starts. */
  notice?: string | undefined;
};

/** Further variables, whose names and values mean nothing to a shell: letters, digits and _.,@:=+- only. */
export type PlainVariables = Readonly<Record<string, string>>;

/** The user's shell on a terminal; a command line in it, or a program of the agent, with a marker for their processes. */
export type Purpose =
  | {
      kind: 'login';
      /** Marks the processes. */
      marker?: string;
      variables?: PlainVariables;
    }
  | {
      kind: 'command';
      line: string;
      /** $1, $2, … */
      arguments?: readonly string[];
      /** The owner of the process passes it over the channel of the start. Without the channel it is on the command line. */
      environment?: (user: LinuxUser) => Readonly<Record<string, string>>;
      marker: string;
      /** It runs on a terminal, and nothing waits for its start. */
      terminal?: boolean;
      variables?: PlainVariables;
    }
  | { kind: 'helper'; program: CommandLine; marker: string };

const onTerminal = (purpose: Purpose): boolean =>
  purpose.kind === 'login' || (purpose.kind === 'command' && purpose.terminal === true);

const variablesOf = (purpose: Purpose): PlainVariables => (purpose.kind === 'helper' ? {} : (purpose.variables ?? {}));

const searchPath = (uid: number): string =>
  uid === 0
    ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    : '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games';

const terminalVariables = { TERM: 'xterm-256color', COLORTERM: 'truecolor' } as const;

/** For pam_systemd(8), which would take a session without a terminal for one of a daemon. sshd says the same of its commands. */
const sessionWithoutTerminal = { XDG_SESSION_TYPE: 'tty', XDG_SESSION_CLASS: 'user' } as const;

/** The environment of a program without PAM. It contains nothing of the agent's environment, which may hold secrets. */
export const userEnvironment = (user: LinuxUser): Record<string, string> => ({
  HOME: user.home,
  SHELL: user.shell,
  USER: user.name,
  LOGNAME: user.name,
  PATH: searchPath(user.uid),
  ...terminalVariables,
  LANG: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8',
});

const assignments = (env: Record<string, string>): string[] =>
  Object.entries(env).map(([key, value]) => `${key}=${value}`);

/** The first one after the line is $0, so it is there only if there are others. */
const argumentsOf = ({ arguments: given = [] }: { arguments?: readonly string[] }, name: string): string[] =>
  given.length === 0 ? [] : [name, ...given];

/** A login shell has a name that starts with a dash. Not every shell supports -l (menus, git-shell, interpreters). */
const programOf = (user: LinuxUser, purpose: Purpose): CommandLine & { name: string } => {
  if (purpose.kind === 'helper') return { ...purpose.program, name: path.basename(purpose.program.file) };
  const name = path.basename(user.shell);
  return purpose.kind === 'login'
    ? { file: user.shell, args: [], name: `-${name}` }
    : { file: user.shell, args: ['-c', purpose.line, ...argumentsOf(purpose, name)], name };
};

/**
 * How to start the user's shell, or a command line in it: as a login (PAM) if the agent is root and the machine has the tools, otherwise by
 * changing the user only (docs/adr/0022).
 * @throws Error with a message for the user if that is impossible
 */
export const runAs = (purpose: Purpose, options: RunAsOptions): Launch => {
  const { user, processUid, tools } = options;
  const { su, bash } = tools;
  if (processUid === 0 && su !== undefined && bash !== undefined && mayKeepRights(options)) {
    return throughPam(purpose, options, { ...su, bash });
  }
  const terminalOf = onTerminal(purpose) && processUid === 0 ? user.uid : undefined;
  const variables = variablesOf(purpose);
  const rest = { env: userEnvironment(user), cwd: '/', terminalOf };
  if (bash === undefined) {
    const { name, ...command } = programOf(user, purpose);
    const { file, args } = userStageInSh(command, purpose.kind === 'login' ? name : undefined);
    const program: [string, ...string[]] = [file, ...args];
    const inputs = purpose.kind === 'command' ? (purpose.environment?.(user) ?? {}) : {};
    const marked = purpose.marker === undefined ? {} : { ...inputs, [markerVariable]: purpose.marker };
    return { ...withoutDescriptors(asUser(program, options, { ...variables, ...marked })), ...rest };
  }
  const controlled = !onTerminal(purpose);
  const stage = { controlled, ownStderr: false };
  const next = userStageOf(bash, purpose, options, stage);
  const first = asUser([next.file, ...next.args], options, variables);
  if (process.platform !== 'linux') return { ...first, ...rest, controlled };
  const order = { ...stage, terminal: !controlled, auditUid: undefined };
  return { ...firstStage(bash, first, order), ...rest, controlled };
};

/** Without setpriv a program cannot be kept from gaining rights. */
const mayKeepRights = ({ allowSudo, user, tools }: RunAsOptions): boolean =>
  allowSudo || user.uid === 0 || tools.noNewPrivs !== undefined;

const userStageOf = (bash: string, purpose: Purpose, options: RunAsOptions, stage: Stage): CommandLine => {
  const { name, ...program } = programOf(options.user, purpose);
  return userStage(bash, program, name, {
    ...stage,
    shell: options.user.shell,
    waits: !onTerminal(purpose),
    entersHome: !stage.ownStderr,
    completesEnvironment: stage.ownStderr,
    marker: purpose.marker,
    variables: variablesOf(purpose),
    notice: options.notice,
  });
};

const noNewPrivileges = ({ allowSudo, user }: RunAsOptions): string[] =>
  allowSudo || user.uid === 0 ? [] : ['--no-new-privs'];

/**
 * su checks the account, opens the session (limits, environment, logind scope) and waits. As with sshd, the program is in its own process
 * session with its own controlling terminal. Messages of su go to the channel.
 */
const throughPam = (
  purpose: Purpose,
  options: RunAsOptions,
  { su, setsid, bash }: { su: string; setsid: string; bash: string },
): Launch => {
  const { user, tools } = options;
  const terminal = onTerminal(purpose);
  const stage = { controlled: true, ownStderr: true };
  const inner = userStageOf(bash, purpose, options, stage);
  const session = [...(terminal ? ['--ctty'] : []), inner.file, ...inner.args];
  const command = [su, '-l', '-s', setsid, '--', user.name, ...session];
  const rights = noNewPrivileges(options);
  const [file = su, ...args] =
    rights.length > 0 && tools.noNewPrivs !== undefined ? [tools.noNewPrivs, ...rights, '--', ...command] : command;
  return {
    ...firstStage(bash, { file, args }, { ...stage, terminal, auditUid: user.uid }),
    env: { PATH: searchPath(0), LC_ALL: 'C', ...(terminal ? terminalVariables : sessionWithoutTerminal) },
    cwd: '/',
    terminalOf: terminal ? user.uid : undefined,
    login: user.name,
    controlled: true,
  };
};

/**
 * As root, uses setpriv, which sets the user's supplementary groups and then execs, so pid, signals and exit code are the program's own.
 * `env` restores the variables that --reset-env removes. Without util-linux (busybox), uses Node. Without root, only the agent's own user
 * is possible.
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
