/** A program and its arguments. */
export type CommandLine = { file: string; args: string[] };

/** Closes everything but stdin, stdout and stderr, then becomes the program: same pid, nothing stays behind. */
const inBash = 'for f in /proc/self/fd/*; do f=$' + '{f##*/}; ((f > 2)) && eval "exec $f>&-"; done; exec "$@"';

/** The same with Node, which needs its own descriptors until it is replaced: it closes the terminals alone. */
const inNode = `
const fs = require('node:fs');
for (const fd of fs.readdirSync('/proc/self/fd')) {
  try {
    if (/ptmx/.test(fs.readlinkSync('/proc/self/fd/' + fd))) fs.closeSync(Number(fd));
  } catch {}
}
process.execve(process.argv[1], process.argv.slice(1), process.env);`;

/**
 * Wraps a command line so that its program inherits none of the agent's descriptors. The masters of the other terminals
 * come without close-on-exec from node-pty, and neither Node nor libuv can set it: without this, each shell could read
 * and type in those opened before it. (macOS starts children with everything closed.)
 */
export const withoutDescriptors = (
  { file, args }: CommandLine,
  exists: (path: string) => boolean,
  platform: NodeJS.Platform = process.platform,
): CommandLine => {
  if (platform !== 'linux') return { file, args };
  const bash = ['/bin/bash', '/usr/bin/bash'].find(exists);
  if (bash !== undefined)
    return { file: bash, args: ['--noprofile', '--norc', '-p', '-c', inBash, 'bash', file, ...args] };
  return { file: process.execPath, args: ['--no-warnings', '-e', inNode, file, ...args] };
};
