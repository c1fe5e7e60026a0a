import { isLoopback } from '@webxterm/contracts/loopback';
import { readEnvironment } from '../configuration/environment.ts';
import { type Profile, profileNamed, readProfiles } from '../configuration/profiles.ts';
import { exitCode, Failure } from '../failure.ts';
import { cliVersion } from '../version.ts';
import { useProxy } from './proxy.ts';
import { trustCas } from './trust.ts';

/** The server of a command, and how it is called. */
export interface Server {
  /** The name of its profile. Undefined: it is named by the environment. */
  readonly profile: string | undefined;
  readonly url: URL;
  readonly token: string;
  /** Calls the server, by a path, with the token. */
  readonly fetcher: typeof fetch;
}

/** The address of a server. @throws Failure if it is none, or if a token would be sent unencrypted */
export const serverAddress = (text: string): URL => {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new Failure(`${text} is not the address of a server, such as https://term.example.org.`, exitCode.usage);
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new Failure(`Name the server without user and path, such as ${url.origin}.`, exitCode.usage);
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new Failure(
      `${url.origin} is not encrypted: anyone on the way could read the token. Use https.`,
      exitCode.usage,
    );
  return url;
};

/** Calls a server through the proxy of the environment (HTTPS_PROXY, NO_PROXY). `ca`: PEM of its private CA. */
export const connectTo = (
  profile: string | undefined,
  { url: address, token, ca }: Pick<Profile, 'url' | 'ca' | 'token'>,
): Server => {
  const url = serverAddress(address);
  trustCas(ca);
  useProxy();
  const fetcher: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    if (token !== '') headers.set('authorization', `Bearer ${token}`);
    headers.set('user-agent', `vsay/${cliVersion}`);
    return fetch(new URL(String(input), url), { ...init, headers });
  };
  return { profile, url, token, fetcher };
};

/** The server of the profile that the command line, the environment or the last log-in names. @throws Failure if there is none */
export const openServer = async (wanted: string | undefined): Promise<Server> => {
  const { configFile, token, host, profile } = readEnvironment();
  if (host !== undefined && wanted === undefined) {
    if (token === undefined)
      throw new Failure('VSAY_HOST is set, and VSAY_TOKEN is not: set both, or neither.', exitCode.usage);
    return connectTo(undefined, { url: host, token });
  }
  const kept = await readProfiles(configFile);
  const name = wanted ?? profile ?? kept.current;
  const found = profileNamed(kept, name);
  return connectTo(name, { ...found, ...(token !== undefined && { token }) });
};
