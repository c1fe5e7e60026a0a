import { expect, it } from 'vitest';
import { hmacSha256, keyObjectOf } from './hmac.ts';

it('equals HMAC-SHA-256 of RFC 4231, test case 2, whole or in parts', () => {
  const wanted = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  const key = Buffer.from('Jefe');
  expect(hmacSha256(key, 'what do ya want for nothing?').toString('hex')).toBe(wanted);
  expect(hmacSha256(key, 'what do ya want ', 'for nothing?').toString('hex')).toBe(wanted);
});

it('makes one key object of a key', () => {
  const key = Buffer.alloc(32, 7);
  expect(keyObjectOf(key)).toBe(keyObjectOf(key));
  expect(keyObjectOf(Buffer.alloc(32, 7))).not.toBe(keyObjectOf(key));
});
