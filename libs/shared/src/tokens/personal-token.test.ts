import { describe, expect, it } from 'vitest';
import { hideSecrets } from '../log/hide-secrets.ts';
import { isPersonalToken, makePersonalToken, personalTokenSha256 } from './personal-token.ts';

describe('a personal access token', () => {
  it('has a fixed form with a checksum, and no two are the same', () => {
    const made = Array.from({ length: 100 }, makePersonalToken);
    for (const token of made) {
      expect(token).toMatch(/^vsay_pat_[0-9A-Za-z]{36}$/);
      expect(personalTokenSha256(token)).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(new Set(made).size).toBe(100);
  });

  it('is recognized by the CRC-32 of all before the last six characters', () => {
    // crc32(b'vsay_pat_' + b'0' * 30) of Python, in base62.
    expect(personalTokenSha256(`vsay_pat_${'0'.repeat(30)}1WtGsn`)).toBeDefined();
  });

  it('is refused when any character is another one, and in any other form', () => {
    const token = makePersonalToken();
    for (let at = 'vsay_pat_'.length; at < token.length; at += 1) {
      const other = token[at] === 'x' ? 'y' : 'x';
      expect(personalTokenSha256(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
    }
    for (const text of ['', 'vsay_pat_', `${token}0`, token.slice(0, -1), ` ${token}`, token.replace('pat', 'ak')])
      expect(personalTokenSha256(text)).toBeUndefined();
    expect([isPersonalToken(token), isPersonalToken('vsay_ak_0'), isPersonalToken('eyJ')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is hidden in logs', () => {
    const token = makePersonalToken();
    expect(hideSecrets(`authorization: ${token}, "${token}"`)).toBe(
      'authorization: vsay_pat_[hidden], "vsay_pat_[hidden]"',
    );
  });
});
