/** A program and its arguments. */
export type CommandLine = { file: string; args: string[] };

/** Node needs its own descriptors until it is replaced: it closes the terminals alone. */
const inNode = `
const fs = require('node:fs');
for (const fd of fs.readdirSync('/proc/self/fd')) {
  try {
    if (/ptmx/.test(fs.readlinkSync('/proc/self/fd/' + fd))) fs.closeSync(Number(fd));
  } catch {}
}
process.execve(process.argv[1], process.argv.slice(1), process.env);`;

/**
 * For machines without bash (stages.ts): wraps a command line so that its program inherits none of the agent's terminals, whose
 * masters come without close-on-exec from node-pty, and has the soft limit of open files that a login has. (macOS starts
 * children with everything closed.)
 */
export const withoutDescriptors = (
  { file, args }: CommandLine,
  platform: NodeJS.Platform = process.platform,
): CommandLine => {
  if (platform !== 'linux') return { file, args };
  const limited = ['/bin/sh', '-c', 'ulimit -S -n 1024 2>/dev/null; exec "$@"', 'sh', file, ...args];
  return { file: process.execPath, args: ['--no-warnings', '-e', inNode, ...limited] };
};
