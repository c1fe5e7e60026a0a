import { createRequire } from 'node:module';
import { bundled } from '../bundled.ts';

/**
 * The native half of @lydell/node-pty. Its JavaScript half is not used: it owns the terminal's file descriptor and destroys its socket 200
 * ms after the child's exit (3,000 of 3,000 bytes were lost that way), and its write blocks the event loop if a program does not read.
 */
export type NativePty = {
  fork(
    file: string,
    args: string[],
    env: string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (exitCode: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string };
  open(cols: number, rows: number): { master: number; slave: number; pty: string };
  resize(fd: number, cols: number, rows: number): void;
};

const require = createRequire(import.meta.url);

/** macOS starts the child through a helper program. Other platforms ignore the path. */
export const spawnHelperPath = (): string =>
  process.platform === 'darwin'
    ? require.resolve(`@lydell/node-pty-${process.platform}-${process.arch}/spawn-helper`)
    : 'not-used';

const isNativePty = (loaded: unknown): loaded is NativePty =>
  typeof loaded === 'object' &&
  loaded !== null &&
  'fork' in loaded &&
  typeof loaded.fork === 'function' &&
  'open' in loaded &&
  typeof loaded.open === 'function' &&
  'resize' in loaded &&
  typeof loaded.resize === 'function';

/** The file in the package, above the folder of the bundle. */
const packedPty = '../pty.node';

const installedNativePty = (): unknown => {
  const loader: { requireBinary(file: string): unknown } = require('@lydell/node-pty/requireBinary.js');
  return loader.requireBinary('pty.node');
};

/** @throws Error if this platform's binary is missing (with how to install it) or unknown */
export const loadNativePty = (): NativePty => {
  const loaded = bundled ? require(packedPty) : installedNativePty();
  if (!isNativePty(loaded)) throw new Error('@lydell/node-pty is of a version that this agent does not know');
  return loaded;
};
