import { homedir } from 'node:os';
import { join } from 'node:path';
import { isLoopback } from '@webxterm/contracts/loopback';

type Variables = Readonly<Record<string, string | undefined>>;

/** The environment variables of vsay. Only this file reads the environment. */
export interface Environment {
  /** The file of the profiles. */
  readonly configFile: string;
  /** An access token, in place of that of the profile. */
  readonly token: string | undefined;
  /** The address of the server, in place of that of the profile. */
  readonly host: string | undefined;
  /** The name of the profile. */
  readonly profile: string | undefined;
}

export const readEnvironment = (given: Variables = process.env): Environment => {
  const set = (name: string): string | undefined => (given[name] === '' ? undefined : given[name]);
  const folder = set('XDG_CONFIG_HOME') ?? join(homedir(), '.config');
  return {
    configFile: set('VSAY_CONFIG') ?? join(folder, 'vsay', 'cli.json'),
    token: set('VSAY_TOKEN'),
    host: set('VSAY_HOST'),
    profile: set('VSAY_PROFILE'),
  };
};

/**
 * The variables of the proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY). A server without TLS is on loopback, so an HTTP_PROXY elsewhere is left out: it
 * would get the token unencrypted, and look for the server on its own loopback.
 */
export const proxyEnvironment = (given: Variables = process.env): Variables => {
  const { http_proxy, HTTP_PROXY, ...others } = given;
  const host = URL.parse(http_proxy || HTTP_PROXY || '')?.hostname ?? '';
  return isLoopback(host) ? given : others;
};
