import { rightsOf } from '@webxterm/contracts/rights';
import { plainText } from '@webxterm/contracts/text';
import { TokenScope } from '@webxterm/contracts/token-scopes';
import { z } from 'zod';
import { readEnvironment } from '../configuration/environment.ts';
import { defaultProfile, keepProfile, type Profile, readProfiles } from '../configuration/profiles.ts';
import { exitCode, Failure } from '../failure.ts';
import { printJson, say } from '../output/print.ts';
import { connectTo, serverAddress } from '../server/server.ts';
import { pinnedCa, readCa } from '../server/trust.ts';
import { revokeToken, userOf } from './account.ts';
import { loginInBrowser } from './browser-login.ts';
import type { ServerOptions } from './options.ts';
import { checkedToken, readToken } from './read-token.ts';

export interface LoginOptions extends ServerOptions {
  readonly token?: boolean;
  readonly ca?: string;
  readonly caFingerprint?: string;
  readonly scope?: readonly string[];
  /** False with --no-browser. */
  readonly browser: boolean;
}

/** The rights of a user who may open terminals, and who the user is. */
const usualScopes: readonly TokenScope[] = [...rightsOf('control', false), 'account:read'];

const scopesOf = ({ scope = usualScopes }: LoginOptions): TokenScope[] => {
  const parsed = z.array(TokenScope).safeParse(scope);
  if (parsed.success) return parsed.data;
  throw new Failure(`--scope takes ${TokenScope.options.join(', ')}.`, exitCode.usage);
};

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
  const place = { url: url.origin, ...(ca !== undefined && { ca }) };
  const given = options.token === true ? await readToken() : environment.token && checkedToken(environment.token);
  const token =
    given ?? (await loginInBrowser(connectTo(name, { ...place, token: '' }), scopesOf(options), options.browser));
  const profile: Profile = { ...place, token, ...(given === undefined && { created_here: true }) };
  const user = await userOf(connectTo(name, profile));
  await keepProfile(environment.configFile, name, profile);
  // The token of an earlier log-in here is not needed any more.
  if (before?.created_here === true && before.token !== token)
    await revokeToken(connectTo(name, before)).catch(() => {});
  if (options.json === true) return printJson({ profile: name, server: url.origin, user: user ?? null });
  say(`Logged in to ${url.origin}${user === undefined ? '' : ` as ${plainText(user.username, 64)}`}.`);
};
