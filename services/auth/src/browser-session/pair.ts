import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { open, seal } from '../root-keys/root-keys.ts';
import type { BoundBrowser } from '../signins/signin.ts';

/**
 * What a browser holds to pick its sign-in up after a reload: one half in a cookie, one in its storage. Cookies ignore ports and
 * storage does not; scripts read storage and not the cookie. Each is useless alone.
 */
export const Pair = z.object({ cookie: z.string(), half: z.string() });
export type Pair = z.infer<typeof Pair>;

/** For so long after a rotation the pair before is answered with its successor: the answer may have been lost, or two tabs asked at once. */
export const graceMs = 30_000;

const secretBytes = 32;
const secretForm = /^[A-Za-z0-9_-]{43}$/;

export const newPair = (): Pair => ({
  cookie: randomBytes(secretBytes).toString('base64url'),
  half: randomBytes(secretBytes).toString('base64url'),
});

/** The pair of a request; undefined when a half is missing or cannot be one. */
export const readPair = (cookie: string | undefined, half: string | undefined): Pair | undefined =>
  cookie !== undefined && half !== undefined && secretForm.test(cookie) && secretForm.test(half)
    ? { cookie, half }
    : undefined;

/** How a pair is found: of no use to who reads the database. */
export const pairHash = (pair: Pair): string =>
  createHash('sha256').update(`${pair.cookie}.${pair.half}`).digest('base64url');

/** A key that exists only while the pair is shown. */
const keyOf = (pair: Pair): Buffer =>
  Buffer.from(hkdfSync('sha256', `${pair.cookie}.${pair.half}`, Buffer.alloc(0), 'webxterm browser pair v1', 32));

/** What is kept of a browser that is bound to a sign-in anew. */
export const bind = (pair: Pair, sid: string, at: Date): BoundBrowser => ({
  pair_hash: pairHash(pair),
  retired: [],
  rotated_at: at,
  successor_sealed: null,
  sid_sealed: seal(keyOf(pair), sid, 'sid'),
});

/** What is kept when `pair`, in use until now, gives way to `next`. */
export const rotate = (was: BoundBrowser, pair: Pair, next: Pair, sid: string, at: Date): BoundBrowser => ({
  pair_hash: pairHash(next),
  retired: [was.pair_hash, ...was.retired],
  rotated_at: at,
  successor_sealed: seal(keyOf(pair), JSON.stringify(next), 'successor'),
  sid_sealed: seal(keyOf(next), sid, 'sid'),
});

/** What a pair is good for. */
export type PairStanding =
  | { readonly standing: 'current'; readonly sid: string }
  /** It was in use a moment ago: this is the pair that took its place. */
  | { readonly standing: 'just_rotated'; readonly successor: Pair; readonly sid: string }
  /** It has been used up, and somebody has it still: one of the two who hold it is a thief. */
  | { readonly standing: 'reused' }
  | { readonly standing: 'unknown' };

export const standingOf = (browser: BoundBrowser, pair: Pair, now: number): PairStanding => {
  const hash = pairHash(pair);
  if (hash === browser.pair_hash) {
    const sid = open(keyOf(pair), browser.sid_sealed, 'sid');
    return sid === undefined ? { standing: 'unknown' } : { standing: 'current', sid };
  }
  if (!browser.retired.includes(hash)) return { standing: 'unknown' };
  if (hash !== browser.retired[0] || now - browser.rotated_at.getTime() > graceMs || browser.successor_sealed === null)
    return { standing: 'reused' };
  const opened = open(keyOf(pair), browser.successor_sealed, 'successor');
  if (opened === undefined) return { standing: 'unknown' };
  const successor = Pair.parse(JSON.parse(opened));
  const sid = open(keyOf(successor), browser.sid_sealed, 'sid');
  return sid === undefined ? { standing: 'unknown' } : { standing: 'just_rotated', successor, sid };
};
