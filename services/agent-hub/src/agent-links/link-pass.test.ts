import { randomBytes } from 'node:crypto';
import { sealToken } from '@webxterm/shared/api';
import { describe, expect, it } from 'vitest';
import { linkPassLifeMs, openLinkPass, sealLinkPass } from './link-pass.ts';

const key = randomBytes(32);
const publicKey = randomBytes(32);
const claims = {
  agent_id: `ag_${'0'.repeat(26)}`,
  owner_id: 'a'.repeat(24),
  owner_username: 'ann',
  machine_name: 'box',
  key_id: 'k1',
  public_key: publicKey.toString('base64url'),
};

describe('a link pass', () => {
  it('is valid for its key pair for 24 h', () => {
    const pass = sealLinkPass(key, claims, 1_000_000);
    expect(openLinkPass(key, pass, publicKey, 1_000_000 + linkPassLifeMs - 1000)).toMatchObject(claims);
  });

  it('is invalid later, for another key pair, under another MAC key, or truncated', () => {
    const pass = sealLinkPass(key, claims, 1_000_000);
    expect(openLinkPass(key, pass, publicKey, 1_000_000 + linkPassLifeMs)).toBeUndefined();
    expect(openLinkPass(key, pass, randomBytes(32), 1_000_000)).toBeUndefined();
    expect(openLinkPass(randomBytes(32), pass, publicKey, 1_000_000)).toBeUndefined();
    expect(openLinkPass(key, pass.slice(0, -2), publicKey, 1_000_000)).toBeUndefined();
    expect(openLinkPass(key, 'wxt_lp_', publicKey, 1_000_000)).toBeUndefined();
  });

  it('is not accepted as another kind of token', () => {
    const other = sealToken(key, 'wxt_rp_', { ...claims, exp: 2_000_000_000 });
    expect(openLinkPass(key, other, publicKey, 0)).toBeUndefined();
    expect(openLinkPass(key, other.replace('wxt_rp_', 'wxt_lp_'), publicKey, 0)).toBeUndefined();
  });
});
