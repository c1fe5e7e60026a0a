import { ConfigError } from '@webxterm/shared';

/** The stack cannot start or continue. The message says what happened and what to do. `npm start` prints it unchanged and exits with 1. */
export class StackFailure extends Error {
  override readonly name = 'StackFailure';
}

const plainWords: Record<string, (path: string) => string> = {
  EACCES: (path) => `no right to write ${path}: give it to your user, or choose another folder with WEBXTERM_DATA_DIR`,
  EPERM: (path) => `no right to write ${path}: give it to your user, or choose another folder with WEBXTERM_DATA_DIR`,
  EROFS: (path) => `${path} is on a read-only disk: mount it writable, or choose another folder with WEBXTERM_DATA_DIR`,
  ENOTDIR: (path) =>
    `${path} cannot be made, for a part of its path is a file: choose another folder with WEBXTERM_DATA_DIR`,
  ENOSPC: (path) => `the disk is full at ${path}: free some space, or choose another disk with WEBXTERM_DATA_DIR`,
  EDQUOT: (path) =>
    `your disk quota is used up at ${path}: free some space, or choose another disk with WEBXTERM_DATA_DIR`,
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const pathOf = (error: unknown): string | undefined =>
  error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;

/** Replaces the error of a missing permission or a full disk by a plain message. Returns every other error unchanged. */
export const plainFailure = (error: unknown, path: string): unknown => {
  const words = plainWords[codeOf(error)];
  return words === undefined ? error : new StackFailure(words(pathOf(error) ?? path), { cause: error });
};

/** The text with which a program ends: the message of an expected failure, the stack of any other. */
export const failureText = (error: unknown): string => {
  if (error instanceof StackFailure || error instanceof ConfigError) return reasonOf(error);
  return String(error instanceof Error ? error.stack : error);
};

/** One line for the log from any thrown value. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message || codeOf(error.cause)}` : '';
  return `${error.message}${cause}`;
};
