import { alikeOnLoopback } from '@webxterm/contracts/loopback';

/** The allowed Origin headers: that of PUBLIC_URL, the extra ones and, on loopback, every loopback name with the same port. */
export const allowedOrigins = (publicUrl: string, extra: readonly string[]): ReadonlySet<string> =>
  new Set([...alikeOnLoopback(new URL(publicUrl)), ...extra.map((text) => new URL(text))].map(({ origin }) => origin));
