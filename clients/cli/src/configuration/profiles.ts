import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseJson } from '@webxterm/contracts/json';
import { z } from 'zod';
import { exitCode, Failure, systemCode } from '../failure.ts';

/** A server with the access token for it. */
const Profile = z.strictObject({
  /** Such as `https://term.example.org`. */
  url: z.url(),
  token: z.string(),
  /** The token was created by a log-in in the browser, so `logout` revokes it. */
  created_here: z.literal(true).optional(),
  /** PEM of a private CA of the server. Absent: the CAs of the system and of Node count. */
  ca: z.string().optional(),
});
export type Profile = z.infer<typeof Profile>;

const Profiles = z.strictObject({
  /** The profile that is used when none is named. */
  current: z.string(),
  profiles: z.record(z.string(), Profile),
});
export type Profiles = z.infer<typeof Profiles>;

export const defaultProfile = 'default';
const none: Profiles = { current: defaultProfile, profiles: {} };

/** Bits of a mode with which other users may read or write. */
const others = 0o077;

const readIfThere = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new Failure(`The profiles cannot be read: ${file}: ${systemCode(error) ?? String(error)}.`);
  }
};

/** The stored profiles. @throws Failure if others can read the file, or if it is invalid */
export const readProfiles = async (file: string): Promise<Profiles> => {
  const text = await readIfThere(file);
  if (text === undefined) return none;
  if (((await stat(file)).mode & others) !== 0)
    throw new Failure(`Other users can read the access tokens in ${file}: chmod 600 ${file}, and revoke the tokens.`);
  const parsed = Profiles.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
    throw new Failure(`${file} is not a file of profiles${where}. Correct it, or remove it and log in again.`);
  }
  return parsed.data;
};

/** Replaces the file in one step, readable for its owner only. After a crash the old file is intact. */
const write = async (file: string, profiles: Profiles): Promise<void> => {
  const folder = dirname(file);
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const text = `${JSON.stringify(profiles, undefined, 2)}\n`;
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new Failure(`The profiles cannot be written: ${file}: ${systemCode(error) ?? String(error)}.`);
  }
};

/** Stores a profile and makes it the current one. */
export const keepProfile = async (file: string, name: string, profile: Profile): Promise<void> => {
  const { profiles } = await readProfiles(file);
  await write(file, { current: name, profiles: { ...profiles, [name]: profile } });
};

/** @throws Failure if there is no such profile */
export const useProfile = async (file: string, name: string): Promise<void> => {
  const kept = await readProfiles(file);
  profileNamed(kept, name);
  await write(file, { ...kept, current: name });
};

/** Removes a profile. If it was the current one, another one takes its place. */
export const removeProfile = async (file: string, name: string): Promise<void> => {
  const { current, profiles } = await readProfiles(file);
  const { [name]: _removed, ...left } = profiles;
  const next = current === name ? (Object.keys(left)[0] ?? defaultProfile) : current;
  await write(file, { current: next, profiles: left });
};

/** @throws Failure if there is no such profile */
export const profileNamed = ({ profiles }: Profiles, name: string): Profile => {
  const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(profiles);
  if (names.length === 0) throw new Failure('You are not logged in: vsay login https://HOST', exitCode.signedOut);
  throw new Failure(
    `There is no profile ${name}. There are: ${names.join(', ')}. To add one: vsay login --profile ${name} https://HOST`,
    exitCode.signedOut,
  );
};
