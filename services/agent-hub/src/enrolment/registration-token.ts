import { createHash, randomBytes } from 'node:crypto';

const prefix = 'wxt_rt_';

/** Lifetime of a registration token. */
export const registrationLifeMs = 24 * 3_600_000;

/** Lifetime of a token that replaces the agent of a machine. It is short, because its holder can read what users type on that machine. */
export const replacementLifeMs = 3_600_000;

/** A token that assigns an agent to a machine that was added beforehand: 256 random bits. Only its hash is stored. */
export const makeRegistrationToken = (): string => `${prefix}${randomBytes(32).toString('base64url')}`;

export const isRegistrationToken = (text: string): boolean => /^wxt_rt_[A-Za-z0-9_-]{43}$/.test(text);

/** The hash has a prefix of its own, so that it differs from the hashes of other kinds of secrets. */
export const registrationHash = (token: string): string =>
  createHash('sha256').update(`registration ${token}`).digest('hex');
