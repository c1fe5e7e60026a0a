import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { beginTransaction, openTransaction } from './transaction.ts';

const [older, newer] = [randomBytes(32), randomBytes(32)];
const roots = deriveRootKeys([older]);
const wanted = { provider: 'a', purpose: 'sign-in', sid_hash: null, setup: null } as const;
const now = 1_000_000_000_000;

describe('a transaction with a provider', () => {
  it('holds none of its secrets', () => {
    const { sealed, state, nonce, verifier } = beginTransaction(roots, wanted, now);
    const text = Buffer.from(sealed.slice('wxt_oi_'.length).split('.')[0] ?? '', 'base64url').toString();
    for (const secret of [state, nonce, verifier]) {
      expect(text).not.toContain(secret);
      expect(sealed).not.toContain(secret);
    }
    expect(verifier.length).toBeGreaterThanOrEqual(43);
    expect(openTransaction(roots, sealed, wanted, now)).toMatchObject({ provider: 'a', state, nonce, verifier });
  });

  it('is opened by an instance with a newer root key', () => {
    const { sealed, state } = beginTransaction(roots, wanted, now);
    expect(openTransaction(deriveRootKeys([newer, older]), sealed, wanted, now).state).toBe(state);
  });

  it('is refused when it is over, was changed, or was begun for something else', () => {
    const { sealed } = beginTransaction(roots, wanted, now);
    const refused = (text: string, as: Parameters<typeof openTransaction>[2] = wanted, at = now) =>
      expect(() => openTransaction(roots, text, as, at)).toThrow('took too long');
    refused(sealed, wanted, now + 600_000);
    refused(`${sealed}x`);
    refused(sealed.replace('wxt_oi_', 'wxt_sf_'));
    refused(sealed, { purpose: 'link', sid_hash: null });
    const link = beginTransaction(roots, { ...wanted, purpose: 'link', sid_hash: 'mine' }, now);
    refused(link.sealed, { purpose: 'link', sid_hash: 'of another sign-in' });
    refused(link.sealed);
  });
});
