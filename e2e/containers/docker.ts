import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The command line of Docker: what it prints. @throws what it says when it ends with another status than 0 */
export const docker = async (...args: string[]): Promise<string> =>
  (await run('docker', args, { maxBuffer: 64 * 1024 * 1024 })).stdout;

export const inspect = async (id: string, format: string): Promise<string> =>
  (await docker('inspect', '--format', format, id)).trim();

/** Runs JavaScript in a new container of the image. @param node the program of Node there */
export const nodeInImage = (image: string, program: string, node = 'node'): Promise<string> =>
  docker('run', '--rm', '--network', 'none', '--entrypoint', node, image, '-e', program);

/** How a container that is started with `args` ends, all that is said, and the last line of it. */
export const endOf = (...args: string[]): Promise<{ code: number; said: string; last: string }> =>
  new Promise((resolve) => {
    execFile('docker', ['run', '--rm', ...args], (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trimEnd();
      resolve({ code: error === null ? 0 : Number(error.code), said, last: said.split('\n').at(-1) ?? '' });
    });
  });
