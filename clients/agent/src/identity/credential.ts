import { rm } from 'node:fs/promises';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';

/** The credential that the hub issued for this machine (`wxt_mc_`). It becomes invalid with the API key or the key pair. */
export const readCredential = async (file: string): Promise<string | undefined> => {
  const text = (await readIfThere(file))?.trim();
  return text === undefined || text === '' ? undefined : text;
};

export const keepCredential = (file: string, credential: string): Promise<void> =>
  writePrivate(file, `${credential}\n`);

export const forgetCredential = (file: string): Promise<void> => rm(file, { force: true });
