import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EntrySigner, openEntry, parseSigninKey, signinKeyLine } from './signed-entry.ts';

const root = randomBytes(32);
const signer = new EntrySigner(root);
const at = 1_800_000_000_000;
const text = signer.sign('s.mine', at, { role: 'user' });
const open = (key: string, stored: string, storedAt = at, keys = [signer.publicKey]) =>
  openEntry(keys, { key, text: stored, storedAt });

describe('an entry of the allow-list', () => {
  it('is valid under its own key only', () => {
    expect(open('s.mine', text)).toEqual({ at, value: { role: 'user' }, text });
    expect(open('s.other', text)).toBeUndefined();
    expect(open('s.mine', text.replace('user', 'root'))).toBeUndefined();
    expect(open('s.mine', text.replace(String(at), String(at + 1)))).toBeUndefined();
    expect(open('s.mine', text, at, [new EntrySigner(randomBytes(32)).publicKey])).toBeUndefined();
  });

  it('is invalid if it was stored at another time than it was signed, as a copy of an old entry', () => {
    expect(open('s.mine', text, at + 29_000)).toBeDefined();
    expect(open('s.mine', text, at + 31_000)).toBeUndefined();
    expect(open('s.mine', text, at - 31_000)).toBeUndefined();
  });

  it('is invalid if it is any other message that a server can store there', () => {
    for (const junk of [
      '',
      '{}',
      `${'A'.repeat(86)}.`,
      `${'A'.repeat(86)}.{"at":${at},"value":null}`,
      '\u0000'.repeat(200),
    ])
      expect(open('s.mine', junk)).toBeUndefined();
  });

  it('is verified by the public key of any root', () => {
    const known = [randomBytes(32), root].map(signinKeyLine).map(parseSigninKey);
    const keys = known.filter((key) => key !== undefined);
    expect(open('s.mine', text, at, keys)).toBeDefined();
    expect(parseSigninKey('not a key')).toBeUndefined();
  });
});
