import { describe, expect, it } from 'vitest';
import { LinuxUserName } from './ids.ts';

const accepts = (name: string): boolean => LinuxUserName.safeParse(name).success;

describe('the name of a Linux user', () => {
  it.each([
    'deploy',
    'CORP\\alice',
    '1001user',
    'jörg',
    'maximiliane.hohenberg-lichtenstein@accounts.europe-central.corp.example.com',
    'a'.repeat(255),
    `ö${'a'.repeat(253)}`,
  ])('may be %s, because the machine decides which accounts exist', (name) => {
    expect(accepts(name)).toBe(true);
  });

  it.each([
    ['no text', ''],
    ['over 255 bytes', 'a'.repeat(256)],
    ['over 255 bytes of UTF-8', `ö${'a'.repeat(254)}`],
    ['the sign for any account', '*'],
    ['a separator of passwd(5)', 'a:b'],
    ['a control character', 'a\nb'],
  ])('is not %s', (_what, name) => {
    expect(accepts(name)).toBe(false);
  });
});
