import type { CommandLine } from './close-descriptors.ts';
import { inputVariable, markerVariable } from './processes.ts';

/**
 * A program is started in two stages. Each is a bash that execs the next program (same pid). The first has the agent's rights and prepares
 * the process. The second already runs as the user.
 */
const bash = (path: string, script: string, args: readonly string[]): CommandLine => ({
  file: path,
  args: ['--noprofile', '--norc', '-p', '-c', script, 'bash', ...args],
});

/**
 * Restores the soft limit of open files, which Node raises for itself and its children: programs that close or select(2) all descriptors
 * expect the 1024 of a login. As sshd does, adds 022 to the umask. Closes inherited masters of other terminals.
 */
const inOrder = (highest: number): string =>
  `ulimit -S -n 1024 2>/dev/null; umask "$(printf %o $(($(umask) | 022)))"; ${closeAbove(highest)}`;

/** Closes the descriptors above `highest`, because neither node-pty nor libuv sets close-on-exec on the masters of terminals. */
export const closeAbove = (highest: number): string =>
  `for f in /proc/self/fd/*; do f=\${f##*/}; ((f > ${highest})) && eval "exec $f>&-"; done; `;

/** Descriptor of the channel to the agent in a controlled start. Descriptor 4 keeps the program's stderr while su uses 2. */
const control = 3;

export type Stage = {
  /** Whether there is a channel of a controlled start. */
  controlled: boolean;
  /** Whether su writes its messages to the channel instead of the program's stderr. */
  ownStderr: boolean;
};

/** The stage before the user changes. `auditUid` sets the login uid for the audit trail and logname(1). */
export const firstStage = (
  path: string,
  next: CommandLine,
  stage: Stage & { terminal: boolean; auditUid: number | undefined },
): CommandLine => {
  const audit = stage.auditUid === undefined ? '' : `{ echo ${stage.auditUid} >/proc/self/loginuid; } 2>/dev/null; `;
  // stdin is set only now, because bash opens the terminal of its stdin and would make it its controlling terminal.
  const stdin = stage.ownStderr && stage.terminal ? '0<&1 ' : '';
  // Erase removes whole characters, as in terminals of node-pty.
  const utf8 = stdin === '' ? '' : 'stty iutf8 imaxbel <&1 2>/dev/null; ';
  const aside = stage.ownStderr ? `exec ${stdin}4>&2 2>&${control}; ` : '';
  const order = inOrder(stage.controlled ? control : 2);
  return bash(path, `${order}${audit}${utf8}${aside}exec "$@"`, [next.file, ...next.args]);
};

/**
 * The second stage for machines without bash: enters the home folder and execs the program under a name with a dash if sh supports `exec
 * -a` (as busybox does), else with -l.
 */
const inSh = `ulimit -S -n 1024 2>/dev/null
cd -- "$HOME" 2>/dev/null || { cd /; printf 'Could not chdir to home directory %s\\n' "$HOME" >&2; }
unset OLDPWD
name=$1
shift
[ -n "$name" ] || exec "$@"
if (exec -a x true) 2>/dev/null; then exec -a "$name" "$@"; fi
exec "$@" -l`;

/** `name`: the name of a login shell. Undefined: a command. */
export const userStageInSh = ({ file, args }: CommandLine, name = ''): CommandLine => ({
  file: '/bin/sh',
  args: ['-c', inSh, 'sh', name, file, ...args],
});

export type UserStage = Stage & {
  shell: string;
  /** Whether the program waits for the agent's answer on the channel. */
  waits: boolean;
  /** Whether this stage enters the home folder. With su, su does it. */
  entersHome: boolean;
  /** Whether this stage restores variables for the terminal and UTF-8, because su keeps none. */
  completesEnvironment: boolean;
  /** Marker for all processes of a command. */
  marker: string | undefined;
  /** A line for the user, printed before the program starts. */
  notice: string | undefined;
  /** Exported as they are. Nothing in them means anything to a shell. */
  variables?: Readonly<Record<string, string>>;
};

/** If Node changed the user, it has raised the limit of open files again. */
const enterHome =
  'ulimit -S -n 1024 2>/dev/null; cd -- "$HOME" 2>/dev/null || { why=$(cd -- "$HOME" 2>&1); cd /; printf "Could not chdir to home directory %s: %s\\n" "$HOME" "$' +
  '{why##*: }" >&2; }; ';

const complete = 'export SHELL=$1; [ -n "$LC_ALL$LC_CTYPE$LANG" ] || export LANG=C.UTF-8; ';

/** Waits for the agent's answer: variables, each ended by a NUL, and an empty one at the end. */
const takeVariables =
  `while IFS= read -r -d "" ${inputVariable} <&${control} || exit 1; do [ -n "$${inputVariable}" ] || break; ` +
  `export "$${inputVariable}"; done; unset ${inputVariable}; `;

/** The stage after the user has changed. It execs `program` under the name `name`. */
export const userStage = (path: string, program: CommandLine, name: string, stage: UserStage): CommandLine => {
  const parts = [
    ...Object.entries(stage.variables ?? {}).map(([variable, value]) => `export ${variable}=${value}; `),
    stage.entersHome ? enterHome : '',
    stage.completesEnvironment ? complete : '',
    `[ -z "$2" ] || export ${markerVariable}="$2"; [ -z "$3" ] || printf "%s\\n" "$3" >&2; `,
    stage.controlled ? `printf "\\0" >&${control}; ` : '',
    stage.waits ? takeVariables : '',
    stage.ownStderr ? 'exec 2>&4 4>&-; ' : '',
    stage.controlled ? `exec ${control}>&-; ` : '',
    'name=$4; shift 4; unset OLDPWD; exec -a "$name" "$@"',
  ];
  const { shell, marker = '', notice = '' } = stage;
  return bash(path, parts.join(''), [shell, marker, notice, name, program.file, ...program.args]);
};
