import { randomBytes } from 'node:crypto';

/** Crockford's base32 in lower case: no i, l, o, u. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `ag_` and 26 random characters: 130 bits. */
export const makeAgentId = (): string =>
  `ag_${Array.from(randomBytes(26), (byte) => alphabet.charAt(byte & 31)).join('')}`;
