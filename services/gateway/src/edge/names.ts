import { alikeOnLoopback } from '@webxterm/contracts/loopback';

/** Under which names this door may be reached, and from which pages. */
export interface DoorNames {
  /** Host headers that are ours, lower case, the scheme's default port left out. */
  readonly hosts: ReadonlySet<string>;
  /** Origins that may connect and read. */
  readonly origins: ReadonlySet<string>;
}

/**
 * PUBLIC_URL and the extra origins; where one of them is a loopback name all three loopback names count, with its port.
 * Anything else in Host is refused: a page that rebinds its own name to our address ends here.
 */
export const doorNames = (publicUrl: string, extraOrigins: readonly string[]): DoorNames => {
  const origins = new Set<string>();
  const hosts = new Set<string>();
  for (const origin of [publicUrl, ...extraOrigins]) {
    for (const alike of alikeOnLoopback(new URL(origin))) {
      origins.add(alike.origin);
      hosts.add(alike.host);
      // A client may spell out the default port.
      if (alike.port === '') hosts.add(`${alike.hostname}:${alike.protocol === 'https:' ? 443 : 80}`);
    }
  }
  return { hosts, origins };
};
