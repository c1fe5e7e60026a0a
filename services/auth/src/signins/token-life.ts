/** The maximum life of a sign-in in ms, regardless of refreshes. */
export const signinLifeMs = 30 * 24 * 3_600_000;

/** The life of a token in seconds. It never exceeds that of its sign-in. */
export const tokenLifeSeconds = 24 * 3600;

/** The expiry of a token issued now. A valid token can always be refreshed. All values in seconds since 1970. */
export const tokenExpiry = (now: number, signinEndsAt: number): number =>
  Math.min(now + tokenLifeSeconds, Math.floor(signinEndsAt));
