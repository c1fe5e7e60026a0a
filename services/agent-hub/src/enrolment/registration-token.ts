import { createHash, randomBytes } from 'node:crypto';

const prefix = 'wxt_rt_';

/** How long a token is good for. */
export const registrationLifeMs = 24 * 3_600_000;

/** How long a token is good for that replaces the agent of a machine: whoever has it gets what people type there. */
export const replacementLifeMs = 3_600_000;

/** Makes a machine the one that was added beforehand: 256 random bits. Only its hash is kept. */
export const makeRegistrationToken = (): string => `${prefix}${randomBytes(32).toString('base64url')}`;

export const isRegistrationToken = (text: string): boolean => /^wxt_rt_[A-Za-z0-9_-]{43}$/.test(text);

/** Under its kind, so that no hash of another secret is one of these. */
export const registrationHash = (token: string): string =>
  createHash('sha256').update(`registration ${token}`).digest('hex');
