import { chmodSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { plainFailure, StackFailure } from '../failure.ts';

/** Makes a folder that only its owner may enter, also when it was there with wider rights. */
export const makePrivateFolder = (path: string): void => {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  } catch (error) {
    throw plainFailure(error, path);
  }
  const owner = statSync(path).uid;
  const us = process.getuid?.();
  if (us !== undefined && owner !== us)
    throw new StackFailure(
      `${path} belongs to another user (uid ${owner}): choose another folder with WEBXTERM_DATA_DIR`,
    );
};

/** Writes a file for its owner's eyes only, at once or not at all. */
export const writePrivateFile = (path: string, content: string): void => {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, content, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (error) {
    throw plainFailure(error, path);
  }
};
