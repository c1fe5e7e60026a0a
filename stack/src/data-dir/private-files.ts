import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { parseJson } from '@webxterm/contracts/json';
import type { z } from 'zod';
import { plainFailure, StackFailure } from '../failure.ts';

/** Creates a folder with mode 0700. Restricts the mode of an existing one. */
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

/** Reads a JSON file. Undefined if it does not exist, was truncated by a full disk, or does not match the schema. */
export const readJsonFile = <S extends z.ZodType>(path: string, schema: S): z.output<S> | undefined => {
  try {
    return schema.safeParse(parseJson(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
};

/** Writes a file with mode 0600, atomically. */
export const writePrivateFile = (path: string, content: string | Buffer): void => {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, content, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (error) {
    throw plainFailure(error, path);
  }
};
