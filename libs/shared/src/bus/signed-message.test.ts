import { randomBytes } from 'node:crypto';
import { signedMessageHeader } from '@webxterm/contracts/bus';
import { describe, expect, it } from 'vitest';
import { EntrySigner } from '../signins/signed-entry.ts';
import { MacKey, publicKeyVerifier } from './message-keys.ts';
import { authenticityOf, sealMessage, signedWithinMs, tryId } from './signed-message.ts';

const secret = randomBytes(32);
const auth = new EntrySigner(randomBytes(32));
const mac = new MacKey(secret, 'these messages');
const now = 1_800_000_000_000;
const subject = 'auth.user.changed';
const payload = '{"v":1,"body":{"user_id":"u"}}';

describe.each([
  ['Ed25519', auth, publicKeyVerifier([new EntrySigner(randomBytes(32)).publicKey, auth.publicKey])],
  ['HMAC', mac, new MacKey(secret, 'these messages')],
])('a message signed by %s', (_name, signer, verifier) => {
  const signed = sealMessage(signer, subject, payload, now).get(signedMessageHeader);
  const kindOf = (change: Partial<Parameters<typeof authenticityOf>[1]>, anyAge = false): string =>
    authenticityOf(verifier, { subject, payload, signed, at: now, ...change }, anyAge).kind;

  it('is valid on its subject, with its payload, for half a minute', () => {
    expect(kindOf({})).toBe('genuine');
    expect(kindOf({ at: now + signedWithinMs })).toBe('genuine');
    expect(kindOf({ at: now - signedWithinMs })).toBe('genuine');
  });

  it('is invalid on another subject, with another payload, time or id, or later', () => {
    const [version, at, id, signature] = signed.split(' ');
    expect(kindOf({ subject: 'auth.apikey.rotated' })).toBe('forged');
    expect(kindOf({ payload: payload.replace('"u"', '"v"') })).toBe('forged');
    expect(kindOf({ signed: `${version} ${now + 1} ${id} ${signature}` })).toBe('forged');
    expect(kindOf({ signed: `${version} ${at} ${'A'.repeat(22)} ${signature}` })).toBe('forged');
    expect(kindOf({ signed: `2 ${at} ${id} ${signature}` })).toBe('forged');
    expect(kindOf({ signed: 'junk' })).toBe('forged');
    expect(kindOf({ signed: '' })).toBe('unsigned');
    expect(kindOf({ at: now + signedWithinMs + 1 })).toBe('late');
    expect(kindOf({ at: now - signedWithinMs - 1 })).toBe('late');
  });

  it('is valid at any age if its fact stays true', () => {
    expect(kindOf({ at: now + 3_600_000 }, true)).toBe('genuine');
    expect(kindOf({ at: now + 3_600_000, payload: '{}' }, true)).toBe('forged');
  });
});

describe('a signature', () => {
  it('of another key, or of the same secret for another purpose, is forged', () => {
    const otherKeys = [new EntrySigner(randomBytes(32)), new MacKey(secret, 'other messages')];
    for (const signer of otherKeys) {
      const signed = sealMessage(signer, subject, payload, now).get(signedMessageHeader);
      for (const verifier of [publicKeyVerifier([auth.publicKey]), mac])
        expect(authenticityOf(verifier, { subject, payload, signed, at: now }).kind).toBe('forged');
    }
  });

  it('of an entry of the allow-list is not valid for a message', () => {
    const [signature = ''] = auth.sign(subject, now, null).split('.');
    const signed = `1 ${now} ${'A'.repeat(22)} ${signature}`;
    const verifier = publicKeyVerifier([auth.publicKey]);
    expect(authenticityOf(verifier, { subject, payload: '', signed, at: now }).kind).toBe('forged');
  });
});

describe('the id of a try', () => {
  it('differs from the id of a try that may have been stored too late', () => {
    expect(tryId('x', 0)).toBe(tryId('x', 14_999));
    for (let at = 0; at < 60_000; at += 500) expect(tryId('x', at)).not.toBe(tryId('x', at + signedWithinMs / 2));
  });
});
