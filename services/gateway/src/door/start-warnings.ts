import { isLoopback } from '@webxterm/contracts/loopback';

/** What an operator has to know about a gateway that starts all the same. */
export const startWarnings = (settings: {
  readonly PUBLIC_URL: string;
  readonly EXTRA_ORIGINS: readonly string[];
}): string[] =>
  [settings.PUBLIC_URL, ...settings.EXTRA_ORIGINS]
    .map((text) => new URL(text))
    .filter(({ protocol, hostname }) => protocol === 'http:' && !isLoopback(hostname))
    .map(
      ({ origin }) =>
        `NOT SAFE: ${origin} is plain http. Whoever is on the way reads passwords and everything that is typed. Give this port a certificate (TLS_DIR), or put a proxy with TLS in front of it and say https:// in PUBLIC_URL.`,
    );
