import { describe, expect, it } from 'vitest';
import { isPasskeyHost, whyNoPasskeys } from './passkey.ts';

describe('passkeys of a host', () => {
  it('are valid there and below it, and nowhere else', () => {
    for (const [hostname, valid] of [
      ['term.example.com', true],
      ['inside.term.example.com', true],
      ['xterm.example.com', false],
      ['example.com', false],
      ['192.0.2.7', false],
    ] as const)
      expect([hostname, isPasskeyHost('term.example.com', hostname)]).toEqual([hostname, valid]);
    expect(isPasskeyHost(null, 'term.example.com')).toBe(false);
  });

  it('have a reason where there are none', () => {
    expect(whyNoPasskeys(null, '192.0.2.7', true)).toContain('is an IP address');
    expect(whyNoPasskeys('localhost', '127.0.0.1', true)).toContain('Passkeys belong to localhost');
    expect(whyNoPasskeys('term.example.com', 'term.example.com', false)).toContain('HTTPS');
    expect(whyNoPasskeys('term.example.com', 'term.example.com', true)).toBeUndefined();
  });
});
