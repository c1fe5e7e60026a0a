import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { beginAuthorization, openAuthorization } from './authorization-request.ts';

const [older, newer] = [randomBytes(32), randomBytes(32)];
const roots = deriveRootKeys([older]);
const wanted = { provider: 'a', purpose: 'sign-in', sid_hash: null, setup: null } as const;
const now = 1_000_000_000_000;

describe('an authorization request to a provider', () => {
  it('holds none of its secrets', () => {
    const { sealed, state, nonce, verifier } = beginAuthorization(roots, wanted, now);
    const text = Buffer.from(sealed.slice('wxt_oi_'.length).split('.')[0] ?? '', 'base64url').toString();
    for (const secret of [state, nonce, verifier]) {
      expect(text).not.toContain(secret);
      expect(sealed).not.toContain(secret);
    }
    expect(verifier.length).toBeGreaterThanOrEqual(43);
    expect(openAuthorization(roots, sealed, wanted, now)).toMatchObject({ provider: 'a', state, nonce, verifier });
  });

  it('is opened by an instance with a newer root key', () => {
    const { sealed, state } = beginAuthorization(roots, wanted, now);
    expect(openAuthorization(deriveRootKeys([newer, older]), sealed, wanted, now).state).toBe(state);
  });

  it('is refused when it is over, was changed, or was begun for something else', () => {
    const { sealed } = beginAuthorization(roots, wanted, now);
    const refused = (text: string, as: Parameters<typeof openAuthorization>[2] = wanted, at = now) =>
      expect(() => openAuthorization(roots, text, as, at)).toThrow('took too long');
    refused(sealed, wanted, now + 600_000);
    refused(`${sealed}x`);
    refused(sealed.replace('wxt_oi_', 'wxt_sf_'));
    refused(sealed, { purpose: 'link', sid_hash: null });
    const link = beginAuthorization(roots, { ...wanted, purpose: 'link', sid_hash: 'mine' }, now);
    refused(link.sealed, { purpose: 'link', sid_hash: 'of another sign-in' });
    refused(link.sealed);
  });
});
