/** A sign-in lives at most so long, however often its token is refreshed. */
export const signinLifeMs = 30 * 24 * 3_600_000;

/** Every token lives so long, but never longer than its sign-in. */
export const tokenLifeSeconds = 24 * 3600;

/** When a token made now ends: a token that is still valid can therefore always be refreshed. All in seconds since 1970. */
export const tokenExpiry = (now: number, signinEndsAt: number): number =>
  Math.min(now + tokenLifeSeconds, Math.floor(signinEndsAt));
