import { alikeOnLoopback } from '@webxterm/contracts/loopback';

/** Which Origin headers are ours: PUBLIC_URL's, the extra ones, and on loopback every name of this machine with our port. */
export const allowedOrigins = (publicUrl: string, extra: readonly string[]): ReadonlySet<string> =>
  new Set([...alikeOnLoopback(new URL(publicUrl)), ...extra.map((text) => new URL(text))].map(({ origin }) => origin));
