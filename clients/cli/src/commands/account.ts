import { profile as ownProfile, revokeOwnToken } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { ApiError, ask, send } from '@webxterm/rest-client';
import { readEnvironment } from '../configuration/environment.ts';
import { profileNamed, readProfiles, removeProfile, useProfile } from '../configuration/profiles.ts';
import { print, printJson, printRows, say } from '../output/print.ts';
import { connectTo, openServer, type Server } from '../server/server.ts';
import type { ServerOptions } from './options.ts';

/** The user of the token. Undefined: the token is valid, and may not read the account. @throws ApiError, UnreachableError */
export const userOf = async ({
  fetcher,
}: Pick<Server, 'fetcher'>): Promise<{ username: string; email: string } | undefined> => {
  try {
    const { user } = await ask(fetcher, ownProfile);
    return { username: user.username, email: user.email };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'token_not_allowed') return undefined;
    throw error;
  }
};

/** `vsay whoami` */
export const whoami = async (options: ServerOptions): Promise<void> => {
  const server = await openServer(options.profile);
  const user = await userOf(server);
  if (options.json === true)
    return printJson({ server: server.url.origin, profile: server.profile ?? null, user: user ?? null });
  const name =
    user === undefined ? 'a token without the scope account:read' : plainText(`${user.username} <${user.email}>`, 200);
  await print(`${name} at ${server.url.origin}\n`);
};

/** Ends a token that vsay created. One that is over already is no failure. */
export const revokeToken = async ({ fetcher }: Pick<Server, 'fetcher'>): Promise<void> => {
  await send(fetcher, revokeOwnToken).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  });
};

/** `vsay logout` */
export const logout = async (options: ServerOptions): Promise<void> => {
  const { configFile, profile } = readEnvironment();
  const kept = await readProfiles(configFile);
  const name = options.profile ?? profile ?? kept.current;
  const removed = profileNamed(kept, name);
  const revoked = removed.created_here === true;
  if (revoked) await revokeToken(connectTo(name, removed));
  await removeProfile(configFile, name);
  if (options.json === true) return printJson({ profile: name, server: removed.url, revoked });
  const still = revoked ? '' : ` Its token is valid until you revoke it: ${new URL('/profile', removed.url).href}`;
  say(`Logged out of ${removed.url}.${still}`);
};

/** `vsay profiles` */
export const profiles = async (options: Pick<ServerOptions, 'json'>): Promise<void> => {
  const { current, profiles: all } = await readProfiles(readEnvironment().configFile);
  const rows = Object.entries(all).map(([name, { url }]) => ({ name, url, current: name === current }));
  await printRows(options.json === true, rows, {
    heads: ['PROFILE', 'SERVER', ''],
    row: ({ name, url, current: chosen }) => [name, url, chosen ? 'current' : ''],
    none: 'No profiles: vsay login https://HOST',
  });
};

/** `vsay use` */
export const use = async (name: string): Promise<void> => useProfile(readEnvironment().configFile, name);
