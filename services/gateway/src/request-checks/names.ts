import { alikeOnLoopback } from '@webxterm/contracts/loopback';

/** The host names of the gateway and the origins that may use it. */
export interface PublicNames {
  /** Accepted Host headers, lower case, without the scheme's default port. */
  readonly hosts: ReadonlySet<string>;
  /** Origins that may connect and read responses. */
  readonly origins: ReadonlySet<string>;
}

/**
 * PUBLIC_URL and the extra origins. If one of them is a loopback name, all three loopback names with its port are accepted. Any other Host
 * is rejected, which stops DNS rebinding.
 */
export const publicNames = (publicUrl: string, extraOrigins: readonly string[]): PublicNames => {
  const origins = new Set<string>();
  const hosts = new Set<string>();
  for (const origin of [publicUrl, ...extraOrigins]) {
    for (const alike of alikeOnLoopback(new URL(origin))) {
      origins.add(alike.origin);
      hosts.add(alike.host);
      // A client may include the default port.
      if (alike.port === '') hosts.add(`${alike.hostname}:${alike.protocol === 'https:' ? 443 : 80}`);
    }
  }
  return { hosts, origins };
};
