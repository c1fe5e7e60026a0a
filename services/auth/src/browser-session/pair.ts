import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { open, seal } from '../root-keys/root-keys.ts';
import type { BoundBrowser } from '../signins/signin.ts';

/**
 * The secrets with which a browser resumes its sign-in after a reload: one half in a cookie, one in its storage. Cookies ignore ports,
 * storage does not. Scripts can read storage, but not the cookie. Each half is useless alone.
 */
export const Pair = z.object({ cookie: z.string(), half: z.string() });
export type Pair = z.infer<typeof Pair>;

/**
 * For this time after a rotation, in ms, the previous pair gets its successor, because the response may have been lost or two tabs may have
 * sent it at once.
 */
export const graceMs = 30_000;

const secretBytes = 32;
const secretForm = /^[A-Za-z0-9_-]{43}$/;

export const newPair = (): Pair => ({
  cookie: randomBytes(secretBytes).toString('base64url'),
  half: randomBytes(secretBytes).toString('base64url'),
});

/** The pair of a request. Undefined when a half is missing or malformed. */
export const readPair = (cookie: string | undefined, half: string | undefined): Pair | undefined =>
  cookie !== undefined && half !== undefined && secretForm.test(cookie) && secretForm.test(half)
    ? { cookie, half }
    : undefined;

/** The look-up key of a pair, useless to a person who can read the database. */
export const pairHash = (pair: Pair): string =>
  createHash('sha256').update(`${pair.cookie}.${pair.half}`).digest('base64url');

/** A key that can be derived only while the pair is presented. */
const keyOf = (pair: Pair): Buffer =>
  Buffer.from(hkdfSync('sha256', `${pair.cookie}.${pair.half}`, Buffer.alloc(0), 'webxterm browser pair v1', 32));

/** The stored state of a browser that was just bound to a sign-in. */
export const bind = (pair: Pair, sid: string, at: Date): BoundBrowser => ({
  pair_hash: pairHash(pair),
  retired: [],
  rotated_at: at,
  successor_sealed: null,
  sid_sealed: seal(keyOf(pair), sid, 'sid'),
});

/** The stored state after `next` replaces the current `pair`. */
export const rotate = (was: BoundBrowser, pair: Pair, next: Pair, sid: string, at: Date): BoundBrowser => ({
  pair_hash: pairHash(next),
  retired: [was.pair_hash, ...was.retired],
  rotated_at: at,
  successor_sealed: seal(keyOf(pair), JSON.stringify(next), 'successor'),
  sid_sealed: seal(keyOf(next), sid, 'sid'),
});

/** The state of a pair. */
export type PairState =
  | { readonly state: 'current'; readonly sid: string }
  /** It was replaced a moment ago; `successor` is the pair that replaced it. */
  | { readonly state: 'just_rotated'; readonly successor: Pair; readonly sid: string }
  /** It was replaced earlier, yet a client still uses it: one of the two clients that have it stole it. */
  | { readonly state: 'reused' }
  | { readonly state: 'unknown' };

export const stateOf = (browser: BoundBrowser, pair: Pair, now: number): PairState => {
  const hash = pairHash(pair);
  if (hash === browser.pair_hash) {
    const sid = open(keyOf(pair), browser.sid_sealed, 'sid');
    return sid === undefined ? { state: 'unknown' } : { state: 'current', sid };
  }
  if (!browser.retired.includes(hash)) return { state: 'unknown' };
  if (hash !== browser.retired[0] || now - browser.rotated_at.getTime() > graceMs || browser.successor_sealed === null)
    return { state: 'reused' };
  const opened = open(keyOf(pair), browser.successor_sealed, 'successor');
  if (opened === undefined) return { state: 'unknown' };
  const successor = Pair.parse(JSON.parse(opened));
  const sid = open(keyOf(successor), browser.sid_sealed, 'sid');
  return sid === undefined ? { state: 'unknown' } : { state: 'just_rotated', successor, sid };
};
