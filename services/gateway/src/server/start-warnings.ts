import { isLoopback } from '@webxterm/contracts/loopback';

/** Warnings about settings that are unsafe but do not prevent the start. */
export const startWarnings = (settings: {
  readonly PUBLIC_URL: string;
  readonly EXTRA_ORIGINS: readonly string[];
}): string[] =>
  [settings.PUBLIC_URL, ...settings.EXTRA_ORIGINS]
    .map((text) => new URL(text))
    .filter(({ protocol, hostname }) => protocol === 'http:' && !isLoopback(hostname))
    .map(
      ({ origin }) =>
        `NOT SAFE: ${origin} is plain http. Anyone on the network path can read passwords and everything that is typed. Give this port a certificate (TLS_DIR), or put a proxy with TLS in front of it and use https:// in PUBLIC_URL.`,
    );
