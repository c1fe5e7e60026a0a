import os from 'node:os';
import type { FileFailureCode } from '@webxterm/contracts/file-messages';
import { textOfPath } from '@webxterm/contracts/file-paths';
import { describeError, systemCode } from '../failure.ts';

/** A request that cannot be done, with a sentence for the user. */
export class FileFailure extends Error {
  override readonly name = 'FileFailure';
  readonly code: FileFailureCode;

  constructor(code: FileFailureCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A uid may have no name. */
const linuxUser = (): string => {
  try {
    return os.userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
};

type Sentence = (path: string) => string;

/** By errno(3). */
const sentences: Readonly<Record<string, readonly [FileFailureCode, Sentence]>> = {
  ENOENT: ['file_not_found', (path) => `There is no ${path} on this machine.`],
  EACCES: ['file_access_denied', (path) => `The Linux user ${linuxUser()} may not do this with ${path}.`],
  EPERM: ['file_access_denied', (path) => `The Linux user ${linuxUser()} may not do this with ${path}.`],
  ENOTDIR: ['not_a_folder', (path) => `${path}, or a part of this path, is not a folder.`],
  EISDIR: ['not_a_file', (path) => `${path} is a folder.`],
  EEXIST: ['file_exists', (path) => `There is already something at ${path}.`],
  ENOTEMPTY: ['folder_not_empty', (path) => `The folder ${path} is not empty.`],
  ENOSPC: ['disk_full', (path) => `The disk of ${path} is full.`],
  EDQUOT: ['quota_exceeded', (path) => `The Linux user ${linuxUser()} has used up the quota of the disk of ${path}.`],
  EROFS: ['file_system_read_only', (path) => `The file system of ${path} is read-only.`],
  ENAMETOOLONG: ['name_too_long', (path) => `A name in ${path.slice(0, 64)}… is longer than its file system allows.`],
  EBUSY: ['file_busy', (path) => `The system uses ${path}. Try again when it does not.`],
  ETXTBSY: ['file_busy', (path) => `${path} is a program that runs. Try again when it has ended.`],
  ELOOP: ['file_failed', (path) => `Links in ${path} lead in a circle.`],
  EXDEV: ['file_failed', (path) => `${path} is on another file system. Copy it, and remove the original.`],
  EAGAIN: ['file_failed', (path) => `${path} has nothing to read now.`],
};

/** The failure of a system call on a path. */
export const failureOf = (error: unknown, path: Uint8Array): FileFailure => {
  if (error instanceof FileFailure) return error;
  const errno = systemCode(error) ?? '';
  const text = textOfPath(path);
  const [code, sentence] = sentences[errno] ?? ['file_failed', () => `${text}: ${describeError(error)}`];
  return new FileFailure(code, sentence(text));
};

/** Names the path in the failures of `work`. @throws FileFailure */
export const about = async <T>(path: Uint8Array, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw failureOf(error, path);
  }
};
