import bcrypt from 'bcrypt';
import { describe, expect, it } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { Passwords } from './passwords.ts';

const cost = 4;
const oldRoot = Buffer.alloc(32, 1);
const roots = deriveRootKeys([oldRoot]);
const passwords = new Passwords(roots, cost);

describe('a stored password', () => {
  it('names its format, its pepper and its cost', async () => {
    expect(await passwords.hash('yourpassword')).toMatch(
      new RegExp(`^v1\\$${roots.current.id}\\$2b\\$04\\$[./A-Za-z0-9]{53}$`),
    );
  });

  it('matches its password and no other', async () => {
    const stored = await passwords.hash('yourpassword');
    expect(await passwords.verify('yourpassword', stored)).toEqual({ ok: true });
    expect(await passwords.verify('yourpassworD', stored)).toEqual({ ok: false });
  });

  it('depends on every character, beyond the 72 bytes and the NUL where bcrypt stops', async () => {
    const long = 'x'.repeat(100);
    const stored = await passwords.hash(`${long}a`);
    expect((await passwords.verify(`${long}b`, stored)).ok).toBe(false);
    const nul = await passwords.hash('secret\0one');
    expect((await passwords.verify('secret\0two', nul)).ok).toBe(false);
  });

  it('takes an accent composed or not', async () => {
    expect((await passwords.verify('caf\u00e9-noir', await passwords.hash('cafe\u0301-noir'))).ok).toBe(true);
  });

  it('is checked if it is plain bcrypt, and upgraded at the next sign-in', async () => {
    const plain = await bcrypt.hash('yourpassword', cost);
    expect(await passwords.verify('wrong!', plain)).toEqual({ ok: false });
    const { ok, upgraded } = await passwords.verify('yourpassword', plain);
    expect(ok).toBe(true);
    expect(upgraded).toMatch(/^v1\$/);
    expect(await passwords.verify('yourpassword', upgraded)).toEqual({ ok: true });
  });

  it('moves to the new root and to a higher cost, and is invalid after its root was removed', async () => {
    const stored = await passwords.hash('yourpassword');
    const rotated = new Passwords(deriveRootKeys([Buffer.alloc(32, 2), oldRoot]), cost);
    expect((await rotated.verify('yourpassword', stored)).upgraded).toMatch(/^v1\$/);
    expect((await new Passwords(roots, cost + 1).verify('yourpassword', stored)).upgraded).toContain('$2b$05$');
    const gone = new Passwords(deriveRootKeys([Buffer.alloc(32, 2)]), cost);
    expect(await gone.verify('yourpassword', stored)).toEqual({ ok: false });
  });

  it('never matches without an account, and costs a comparison anyway', async () => {
    const slow = new Passwords(roots, 10);
    await slow.verify('warm-up', undefined);
    const before = performance.now();
    expect(await slow.verify('yourpassword', undefined)).toEqual({ ok: false });
    expect(performance.now() - before).toBeGreaterThan(10);
  });
});
