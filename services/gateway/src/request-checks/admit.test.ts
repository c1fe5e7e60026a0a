import { AppError } from '@webxterm/shared';
import { describe, expect, it } from 'vitest';
import { type Credentials, checkCookieUse, checkOrigin } from './admit.ts';
import { publicNames } from './names.ts';

const names = publicNames('https://term.example.com', ['https://tools.example.com']);
const none: Credentials = { bearer: false, queryToken: false, cookie: false };
const allowed = (origin: string | undefined, credentials: Partial<Credentials> = {}): boolean => {
  try {
    checkOrigin(names, origin);
    checkCookieUse(origin, { ...none, ...credentials });
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return false;
  }
};

describe('the Origin', () => {
  it('must be exactly an allowed one', () => {
    expect(allowed('https://term.example.com')).toBe(true);
    expect(allowed('https://tools.example.com')).toBe(true);
  });

  it.each([
    'null',
    '',
    'http://term.example.com',
    'https://term.example.com:8443',
    'https://evil.term.example.com',
    'https://term.example.com.evil.net',
    'https://evilterm.example.com',
    'https://TERM.example.com',
    'https://term.example.com/',
    'https://term.example.com, https://evil.net',
  ])('is refused as %j, with any token', (origin) => {
    expect(allowed(origin)).toBe(false);
    expect(allowed(origin, { bearer: true, queryToken: true })).toBe(false);
  });

  it('may be missing, but then a cookie alone is not accepted', () => {
    expect(allowed(undefined)).toBe(true);
    expect(allowed(undefined, { bearer: true, cookie: true })).toBe(true);
    expect(allowed(undefined, { cookie: true })).toBe(false);
  });
});
