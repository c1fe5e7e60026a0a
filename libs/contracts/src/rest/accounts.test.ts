import { describe, expect, it } from 'vitest';
import { Email, Password, signup, Username } from './accounts.ts';

const ok = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean =>
  schema.safeParse(value).success;

describe('usernames', () => {
  it('are trimmed and composed', () => {
    expect(Username.parse('  Ada Lovelace ')).toBe('Ada Lovelace');
    expect(Username.parse('Å')).toBe('Å');
  });

  it.each(['', '   ', 'a\u0000b', 'a\u202eb', 'a\u200bb', 'x'.repeat(65)])('refuse %j', (name) => {
    expect(ok(Username, name)).toBe(false);
  });

  it('count code points, not UTF-16 units', () => {
    expect(ok(Username, '🦊'.repeat(64))).toBe(true);
  });
});

describe('passwords', () => {
  it('take 6 to 128 code points of any kind', () => {
    expect(ok(Password, 'yourpassword')).toBe(true);
    expect(ok(Password, '🦊'.repeat(6))).toBe(true);
    expect(ok(Password, '12345')).toBe(false);
    expect(ok(Password, 'x'.repeat(128))).toBe(true);
    expect(ok(Password, 'x'.repeat(129))).toBe(false);
  });
});

describe('sign-up', () => {
  const body = { username: 'johndoe', email: 'john@example.com', password: 'yourpassword' };

  it('accepts the example of the contract', () => {
    expect(signup.body.parse(body)).toEqual(body);
  });

  it('refuses missing, extra and wrongly typed fields', () => {
    expect(ok(signup.body, { ...body, email: undefined })).toBe(false);
    expect(ok(signup.body, { ...body, role: 'admin' })).toBe(false);
    expect(ok(signup.body, { ...body, password: 123456 })).toBe(false);
    expect(ok(signup.body, { ...body, email: { $ne: '' } })).toBe(false);
  });

  it('refuses an invalid e-mail address', () => {
    for (const email of ['john', 'john@', '@example.com', 'a b@example.com']) expect(ok(Email, email)).toBe(false);
  });
});
