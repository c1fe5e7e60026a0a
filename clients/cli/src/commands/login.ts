import { plainText } from '@webxterm/contracts/text';
import { readEnvironment } from '../configuration/environment.ts';
import { defaultProfile, keepProfile, readProfiles } from '../configuration/profiles.ts';
import { exitCode, Failure } from '../failure.ts';
import { printJson, say } from '../output/print.ts';
import { connectTo, serverAddress } from '../server/server.ts';
import { pinnedCa, readCa } from '../server/trust.ts';
import { userOf } from './account.ts';
import type { ServerOptions } from './options.ts';
import { checkedToken, readToken } from './read-token.ts';

export interface LoginOptions extends ServerOptions {
  readonly token?: boolean;
  readonly ca?: string;
  readonly caFingerprint?: string;
}

const caOf = async (url: URL, { ca, caFingerprint }: LoginOptions): Promise<string | undefined> => {
  if (ca !== undefined && caFingerprint !== undefined)
    throw new Failure('Give --ca or --ca-fingerprint, not both.', exitCode.usage);
  if (ca !== undefined) return readCa(ca);
  return caFingerprint === undefined ? undefined : pinnedCa(url, caFingerprint);
};

/** `vsay login` */
export const login = async (host: string | undefined, options: LoginOptions): Promise<void> => {
  const environment = readEnvironment();
  const kept = await readProfiles(environment.configFile);
  const name = options.profile ?? environment.profile ?? (host === undefined ? kept.current : defaultProfile);
  const before = kept.profiles[name];
  const address = host ?? environment.host ?? before?.url;
  if (address === undefined) throw new Failure('Name the server: vsay login https://HOST', exitCode.usage);
  const url = serverAddress(address);
  // The CA of an earlier log-in to the same server stays.
  const ca = (await caOf(url, options)) ?? (before?.url === url.origin ? before.ca : undefined);
  const token = options.token === true ? await readToken() : await tokenWithoutStdin(environment.token);
  const profile = { url: url.origin, token, ...(ca !== undefined && { ca }) };
  const user = await userOf(connectTo(name, profile));
  await keepProfile(environment.configFile, name, profile);
  if (options.json === true) return printJson({ profile: name, server: url.origin, user: user ?? null });
  say(`Logged in to ${url.origin}${user === undefined ? '' : ` as ${plainText(user.username, 64)}`}.`);
};

const tokenWithoutStdin = async (ofEnvironment: string | undefined): Promise<string> => {
  if (ofEnvironment !== undefined) return checkedToken(ofEnvironment);
  throw new Failure(
    'Give an access token, which the Profile page creates: vsay login --token, or VSAY_TOKEN.',
    exitCode.usage,
  );
};
