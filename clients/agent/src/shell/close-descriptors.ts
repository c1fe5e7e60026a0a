/** A program and its arguments. */
export type CommandLine = { file: string; args: string[] };

/** The account to switch to. */
type Account = { name: string; uid: number; gid: number };

/** Closes only the terminals, because Node needs its other descriptors until it is replaced. */
const inNode = `
const fs = require('node:fs');
const [become, ...program] = process.argv.slice(1);
for (const fd of fs.readdirSync('/proc/self/fd')) {
  try {
    if (/ptmx/.test(fs.readlinkSync('/proc/self/fd/' + fd))) fs.closeSync(Number(fd));
  } catch {}
}
// Node ignores these, and what is ignored stays so over exec; what has a listener is set back.
for (const ignored of ['SIGPIPE', 'SIGXFSZ']) process.on(ignored, () => {});
if (become !== 'stay') {
  const { name, uid, gid } = JSON.parse(become);
  process.initgroups(name, gid);
  process.setgid(gid);
  process.setuid(uid);
}
process.execve(program[0], program, process.env);`;

const throughNode = ({ file, args }: CommandLine, become: Account | undefined): CommandLine => {
  const account =
    become === undefined ? 'stay' : JSON.stringify({ name: become.name, uid: become.uid, gid: become.gid });
  return { file: process.execPath, args: ['--disable-sigusr1', '--no-warnings', '-e', inNode, account, file, ...args] };
};

/** For an agent of root on a machine without a program to change the user: Node itself switches to the user, with the user's groups. */
export const asAccount = (program: CommandLine, account: Account): CommandLine => throughNode(program, account);

/**
 * For machines without bash (stages.ts): wraps a command line so that its program does not inherit the agent's terminals, whose masters
 * node-pty opens without close-on-exec. The program gets the soft limit of open files of a login. (macOS starts children with all
 * descriptors closed.)
 */
export const withoutDescriptors = (
  { file, args }: CommandLine,
  platform: NodeJS.Platform = process.platform,
): CommandLine => {
  if (platform !== 'linux') return { file, args };
  const limited = ['-c', 'ulimit -S -n 1024 2>/dev/null; exec "$@"', 'sh', file, ...args];
  return throughNode({ file: '/bin/sh', args: limited }, undefined);
};
