import type { CommandLine } from './close-descriptors.ts';
import { markerVariable } from './processes.ts';

/**
 * A program is started in two stages, each a bash that becomes what follows (same pid). The first still has the agent's rights
 * and puts the process in order; the second is the user already.
 */
const bash = (path: string, script: string, args: readonly string[]): CommandLine => ({
  file: path,
  args: ['--noprofile', '--norc', '-p', '-c', script, 'bash', ...args],
});

/**
 * Node raised its own soft limit of open files and every child would have it: programs that close or select(2) all
 * descriptors expect the 1024 of a login. sshd adds 022 to the umask that it was given. Masters of other terminals come
 * without close-on-exec.
 */
const inOrder = (highest: number): string =>
  `ulimit -S -n 1024 2>/dev/null; umask "$(printf %o $(($(umask) | 022)))"; ${closeAbove(highest)}`;

/** Neither node-pty nor libuv sets close-on-exec on the masters of terminals. */
export const closeAbove = (highest: number): string =>
  `for f in /proc/self/fd/*; do f=\${f##*/}; ((f > ${highest})) && eval "exec $f>&-"; done; `;

/** Descriptor of the channel to the agent that a controlled start has; 4 keeps the program's stderr from what starts it. */
const control = 3;

export type Stage = {
  /** The channel of a controlled start is there. */
  controlled: boolean;
  /** What starts the program (su) says its own things on the channel, not on the program's stderr. */
  ownStderr: boolean;
};

/** The stage before the change of user. `auditUid` names the login in the audit trail, and for logname(1). */
export const firstStage = (
  path: string,
  next: CommandLine,
  stage: Stage & { terminal: boolean; auditUid: number | undefined },
): CommandLine => {
  const audit = stage.auditUid === undefined ? '' : `{ echo ${stage.auditUid} >/proc/self/loginuid; } 2>/dev/null; `;
  // bash opens the terminal of its stdin, and would so make it its own: it gets stdin only now.
  const stdin = stage.ownStderr && stage.terminal ? '0<&1 ' : '';
  // Erasing takes whole characters, as in the terminals that node-pty makes.
  const utf8 = stdin === '' ? '' : 'stty iutf8 imaxbel <&1 2>/dev/null; ';
  const aside = stage.ownStderr ? `exec ${stdin}4>&2 2>&${control}; ` : '';
  const order = inOrder(stage.controlled ? control : 2);
  return bash(path, `${order}${audit}${utf8}${aside}exec "$@"`, [next.file, ...next.args]);
};

/**
 * The same for machines without bash: enters the home folder, and becomes the program under a name with a dash, where the shell
 * knows `exec -a` (busybox does), with -l elsewhere.
 */
const inSh = `ulimit -S -n 1024 2>/dev/null
cd -- "$HOME" 2>/dev/null || { cd /; printf 'Could not chdir to home directory %s\\n' "$HOME" >&2; }
unset OLDPWD
name=$1
shift
[ -n "$name" ] || exec "$@"
if (exec -a x true) 2>/dev/null; then exec -a "$name" "$@"; fi
exec "$@" -l`;

/** `name`: of a login shell; undefined: a command. */
export const userStageInSh = ({ file, args }: CommandLine, name = ''): CommandLine => ({
  file: '/bin/sh',
  args: ['-c', inSh, 'sh', name, file, ...args],
});

export type UserStage = Stage & {
  shell: string;
  /** The program waits until the agent has answered on the channel. */
  waits: boolean;
  /** The home folder is entered here; su does it itself. */
  entersHome: boolean;
  /** su keeps nothing of what it is given: what a terminal and a UTF-8 program need is put back. */
  completesEnvironment: boolean;
  /** Marks all processes of a command. */
  marker: string | undefined;
  /** A line for the person, before the program starts. */
  notice: string | undefined;
};

/** Where the agent's Node changed the user, it raised the limit once more. */
const enterHome =
  'ulimit -S -n 1024 2>/dev/null; cd -- "$HOME" 2>/dev/null || { why=$(cd -- "$HOME" 2>&1); cd /; printf "Could not chdir to home directory %s: %s\\n" "$HOME" "$' +
  '{why##*: }" >&2; }; ';

const complete = 'export SHELL=$1; [ -n "$LC_ALL$LC_CTYPE$LANG" ] || export LANG=C.UTF-8; ';

/** The stage after the change of user: it becomes `program`, under the name `name`. */
export const userStage = (path: string, program: CommandLine, name: string, stage: UserStage): CommandLine => {
  const parts = [
    stage.entersHome ? enterHome : '',
    stage.completesEnvironment ? complete : '',
    `[ -z "$2" ] || export ${markerVariable}="$2"; [ -z "$3" ] || printf "%s\\n" "$3" >&2; `,
    stage.controlled ? `printf "\\0" >&${control}; ` : '',
    stage.waits ? `read -r _ <&${control} || exit 1; ` : '',
    stage.ownStderr ? 'exec 2>&4 4>&-; ' : '',
    stage.controlled ? `exec ${control}>&-; ` : '',
    'name=$4; shift 4; unset OLDPWD; exec -a "$name" "$@"',
  ];
  const { shell, marker = '', notice = '' } = stage;
  return bash(path, parts.join(''), [shell, marker, notice, name, program.file, ...program.args]);
};
