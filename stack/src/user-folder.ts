import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { StackFailure } from './failure.ts';

/**
 * A folder that is this user's own and nobody else may write or enter; made when it is not there.
 * @throws StackFailure when something else lies there: in a folder for all users anybody can put it there first
 */
export const requireOwnFolder = (path: string, uid: number = userInfo().uid): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // Not stat: a link may lead to what others write, or to what is ours and must stay as it is.
  const found = lstatSync(path);
  const why = !found.isDirectory()
    ? 'it is no folder'
    : found.uid !== uid
      ? `it belongs to the user ${found.uid}`
      : (found.mode & 0o077) !== 0
        ? `others may use it (mode ${(found.mode & 0o777).toString(8)})`
        : undefined;
  if (why === undefined) return path;
  throw new StackFailure(
    `${path} is not used, since ${why}: remove it, or set XDG_RUNTIME_DIR to a folder of your own`,
  );
};

/** For what processes of one user tell each other: the one of the session, else one of ours beside those of others. */
export const runtimeFolder = (name: string, runtimeDir: string | undefined): string => {
  const { uid } = userInfo();
  if (runtimeDir !== undefined && isOwn(runtimeDir, uid)) return requireOwnFolder(join(runtimeDir, name), uid);
  return requireOwnFolder(join(tmpdir(), `${name}-${uid}`), uid);
};

const isOwn = (path: string, uid: number): boolean => {
  try {
    const found = lstatSync(path);
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
};
