import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const slash = 0x2f;

/** The path from the root, with links followed as far as it exists. */
export const canonical = (given: Buffer): Buffer => {
  try {
    return realpathSync.native(given, { encoding: 'buffer' });
  } catch {
    const absolute = given[0] === slash ? given : Buffer.concat([Buffer.from(`${process.cwd()}/`), given]);
    // Byte by byte, so that names that are not UTF-8 stay as they are.
    return Buffer.from(path.posix.normalize(absolute.toString('latin1')), 'latin1');
  }
};

/** `~` is the home. */
export const expanded = (given: Buffer): Buffer => {
  const text = given.toString('latin1');
  if (text !== '~' && !text.startsWith('~/')) return given;
  return Buffer.concat([Buffer.from(homedir()), given.subarray(1)]);
};
