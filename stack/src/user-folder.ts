import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { StackFailure } from './failure.ts';

/**
 * Ensures a folder that belongs to this user and is closed to all others. Creates it if it does not exist.
 * @throws StackFailure if the path is anything else: in a shared folder, another user can create it first
 */
export const requireOwnFolder = (path: string, uid: number = userInfo().uid): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // Not stat, because a link may lead to a folder of other users, or to one of this user that must stay unchanged.
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

/** Folder for communication between processes of one user: in the session's runtime folder, otherwise in the shared temporary folder. */
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
