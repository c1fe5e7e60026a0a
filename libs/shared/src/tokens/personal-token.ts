import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const prefix = 'vsay_pat_';
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 178 bits. */
const randomLength = 30;
/** 62^6 is more than 2^32. */
const checksumLength = 6;

const checksum = (text: string): string => {
  let rest = crc32(text);
  let digits = '';
  for (let at = 0; at < checksumLength; at += 1) {
    digits = base62.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
};

/**
 * A new personal access token: `vsay_pat_`, 30 random base62 characters, and the CRC-32 of all before it in base62, by which a scanner of
 * secrets recognizes one without asking the server.
 */
export const makePersonalToken = (): string => {
  let text = prefix;
  for (let at = 0; at < randomLength; at += 1) text += base62.charAt(randomInt(base62.length));
  return text + checksum(text);
};

/** Whether a text is meant as a personal access token. No other kind of token begins like this. */
export const isPersonalToken = (text: string): boolean => text.startsWith(prefix);

const form = /^vsay_pat_[0-9A-Za-z]{36}$/;

/** The only form of a token that is sent between services, in hex. Undefined: the text is not a token, or its checksum is wrong. */
export const personalTokenSha256 = (text: string): string | undefined => {
  if (!form.test(text) || checksum(text.slice(0, -checksumLength)) !== text.slice(-checksumLength)) return undefined;
  return createHash('sha256').update(text).digest('hex');
};
