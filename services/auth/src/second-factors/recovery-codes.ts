import { createHash, randomInt } from 'node:crypto';

/** Crockford's base32 without letters that look like digits. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const codes = 10;
/** 16 characters of 5 bits: 80 random bits. */
const length = 16;

/** Without separators, in lower case, with the letters that are mistaken for digits as digits. */
const plain = (code: string): string =>
  code.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');

const newCode = (): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length)))
    .join('')
    .replace(/(.{4})(?=.)/g, '$1-');

/** Ten new codes such as `7k2m-9x0d-h4qt-c8w1`. */
export const newRecoveryCodes = (): string[] => Array.from({ length: codes }, newCode);

/** The stored form of a code as typed. Undefined: it cannot be a recovery code. */
export const recoveryHash = (userId: string, typed: string): string | undefined => {
  const code = plain(typed);
  return code.length === length ? createHash('sha256').update(`${userId}:${code}`).digest('base64url') : undefined;
};

/** The stored forms of new codes. */
export const recoveryHashes = (userId: string, fresh: readonly string[]): string[] =>
  fresh.flatMap((code) => recoveryHash(userId, code) ?? []);
