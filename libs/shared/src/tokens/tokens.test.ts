import { createHmac, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { hashSid, signAccessToken, verifyAccessToken } from './access-token.ts';
import { openRecordPass, sealRecordPass } from './record-pass.ts';
import { openResumePass, resumePassLifeMs, sealResumePass } from './resume-pass.ts';
import { openToken, sealToken } from './sealed-token.ts';
import { openSharePass, type SharePass, sealSharePass } from './share-pass.ts';

const now = 1_900_000_000;
const secret = Buffer.alloc(32, 7);
const keys = [{ kid: 'k1', secret }];
const claims = { userId: 'a'.repeat(24), sid: 's'.repeat(32), now, expiresAt: now + 86_400 };
const refused = (token: string, at = now + 1): void => {
  expect(() => verifyAccessToken(keys, token, at)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
};
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const good = {
  sub: claims.userId,
  sid: claims.sid,
  jti: 'j'.repeat(16),
  typ: 'access',
  iss: 'webxterm',
  aud: 'webxterm-api',
  iat: now,
  nbf: now,
  exp: now + 60,
};
const forge = (
  payload: object,
  header: object = { alg: 'HS256', typ: 'JWT', kid: 'k1' },
  key: Buffer = secret,
): string => {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
};

describe('access tokens', () => {
  it('contain the user and the sign-in, and no role', () => {
    const token = signAccessToken(keys, claims);
    expect(verifyAccessToken(keys, token, now + 1)).toMatchObject({
      sub: claims.userId,
      sid: claims.sid,
      typ: 'access',
      exp: now + 86_400,
    });
    expect(jwt.decode(token)).not.toHaveProperty('role');
  });

  it('are verified with the old key after a rotation, and are signed with the new one', () => {
    const old = signAccessToken(keys, claims);
    const rotated = [{ kid: 'k2', secret: Buffer.alloc(32, 9) }, ...keys];
    expect(verifyAccessToken(rotated, old, now + 1).sub).toBe(claims.userId);
    refused(signAccessToken(rotated, claims));
  });

  it('are refused when expired, tampered with, or signed by another key', () => {
    const token = signAccessToken(keys, claims);
    refused(token, now + 86_401);
    refused(`${token.slice(0, -4)}AAAA`);
    refused(forge(good, undefined, Buffer.alloc(32, 8)));
    refused('not.a.token');
    refused('');
    const cause = expect.objectContaining({ name: 'JsonWebTokenError', message: 'invalid signature' });
    expect(() => verifyAccessToken(keys, `${token.slice(0, -4)}AAAA`, now)).toThrow(expect.objectContaining({ cause }));
  });

  it('are refused under alg none and under an RSA key used as an HMAC secret', () => {
    refused(`${part({ alg: 'none', typ: 'JWT', kid: 'k1' })}.${part(good)}.`);
    // With a MAC that is valid for its algorithm, so that only the algorithm is wrong.
    for (const algorithm of ['HS384', 'HS512'] as const) refused(jwt.sign(good, secret, { algorithm, keyid: 'k1' }));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    refused(jwt.sign(good, privateKey, { algorithm: 'RS256', keyid: 'k1' }));
  });

  it.each(['iss', 'aud', 'exp', 'sub', 'sid', 'jti', 'typ'])('are refused without %s', (claim) => {
    expect(verifyAccessToken(keys, forge(good), now + 1).sub).toBe(claims.userId);
    refused(forge(Object.fromEntries(Object.entries(good).filter(([name]) => name !== claim))));
  });

  it('are refused in the second in which they expire, and by the clock of the process when no time is given', () => {
    const token = signAccessToken(keys, claims);
    expect(verifyAccessToken(keys, token, now + 86_399).sub).toBe(claims.userId);
    refused(token, now + 86_400);
    const seconds = Math.floor(Date.now() / 1000);
    const current = signAccessToken(keys, { ...claims, now: seconds, expiresAt: seconds + 60 });
    expect(verifyAccessToken(keys, current).sub).toBe(claims.userId);
    const over = signAccessToken(keys, { ...claims, now: seconds - 60, expiresAt: seconds - 1 });
    expect(() => verifyAccessToken(keys, over)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  it('are refused for a user id with more than 24 hex digits', () => {
    for (const sub of [`${claims.userId}0`, `x${claims.userId}`]) refused(forge({ ...good, sub }));
  });

  it('cannot be signed without a key', () => {
    expect(() => signAccessToken([], claims)).toThrow('no signing key');
  });

  it('are found on the allow-list by the SHA-256 of their sign-in in hex', () => {
    expect(hashSid('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('are refused from a foreign issuer, for a foreign audience, of another type, before their time', () => {
    refused(forge({ ...good, iss: 'vsay-auth' }));
    refused(forge({ ...good, aud: 'other' }));
    refused(forge({ ...good, typ: 'refresh' }));
    refused(forge({ ...good, nbf: now + 92 }));
  });
});

describe('sealed tokens', () => {
  const shape = z.object({ exp: z.number(), sid: z.string() });

  it('are opened unchanged', () => {
    const ticket = sealToken(secret, 'wxt_tk_', { exp: now + 30, sid: 's' });
    expect(openToken(secret, 'wxt_tk_', shape, ticket, now * 1000)).toEqual({ exp: now + 30, sid: 's' });
  });

  it('are not accepted as another kind', () => {
    const ticket = sealToken(secret, 'wxt_tk_', { exp: now + 30, sid: 's' });
    expect(() => openToken(secret, 'wxt_rp_', shape, ticket, now * 1000)).toThrow(AppError);
    expect(() => openToken(secret, 'wxt_rp_', shape, ticket.replace('wxt_tk_', 'wxt_rp_'), now * 1000)).toThrow(
      AppError,
    );
    refused(ticket);
  });

  it('are refused if expired, changed, of another shape, or invalid', () => {
    const ticket = sealToken(secret, 'wxt_tk_', { exp: now + 30, sid: 's' });
    const opens = (token: string, at = now): unknown => openToken(secret, 'wxt_tk_', shape, token, at * 1000);
    expect(() => opens(ticket, now + 30)).toThrow(AppError);
    expect(() => opens(`${ticket}x`)).toThrow(AppError);
    expect(() => opens(sealToken(secret, 'wxt_tk_', { exp: now + 30 }))).toThrow(AppError);
    for (const junk of ['', 'wxt_tk_', 'wxt_tk_.', 'wxt_tk_a.b']) expect(() => opens(junk)).toThrow(AppError);
  });

  it('can be a resume pass', () => {
    const pass = {
      jti: 'j',
      user_id: 'u',
      sid: 's',
      agent_id: 'a',
      session_id: 'x',
      viewer_id: 'v',
      mode: 'control' as const,
      exp: now + 300,
    };
    expect(openResumePass(secret, sealResumePass(secret, pass), now * 1000)).toEqual(pass);
    const view = { ...pass, mode: 'view' as const, kind: 'pty' };
    expect(openResumePass(secret, sealResumePass(secret, view), now * 1000)).toEqual(view);
    const unknown = sealToken(secret, 'wxt_rp_', { ...pass, mode: '' });
    expect(() => openResumePass(secret, unknown, now * 1000)).toThrow(AppError);
    expect(resumePassLifeMs).toBe(300_000);
  });
});

describe('passes from the terminal service to the hub', () => {
  const key = Buffer.alloc(32, 3);
  const exp = now + 60;
  const record = { agent_id: 'ag', session_id: 'session', owner_user_id: 'owner', exp };
  const share: SharePass = {
    ...{ share_id: 'share', agent_id: 'ag', session_id: 'session', owner_user_id: 'owner', owner_signin: 'hash' },
    ...{ user_id: 'guest', role: 'view', types_always: false, ends_at: exp * 1000, exp },
  };

  it('have their content until their end, under their own prefix and key', () => {
    const [recordPass, sharePass] = [sealRecordPass(key, record), sealSharePass(key, share)];
    expect([recordPass.slice(0, 7), sharePass.slice(0, 7)]).toEqual(['wxt_rc_', 'wxt_sh_']);
    expect(openRecordPass(key, recordPass, now * 1000)).toEqual(record);
    expect(openSharePass(key, sharePass, now * 1000)).toEqual(share);
    expect(openSharePass(key, sealSharePass(key, { ...share, role: 'control' }), now * 1000).role).toBe('control');
    for (const open of [openRecordPass, openSharePass]) {
      const pass = open === openRecordPass ? recordPass : sharePass;
      expect(() => open(key, pass, (exp + 1) * 1000)).toThrow(AppError);
      expect(() => open(Buffer.alloc(32, 4), pass, now * 1000)).toThrow(AppError);
    }
    expect(() => openRecordPass(key, sharePass, now * 1000)).toThrow(AppError);
    expect(() => openSharePass(key, recordPass, now * 1000)).toThrow(AppError);
  });

  it.each(['owner', '', undefined])('of a share have the role view or control, not %s', (role) => {
    const forged = sealToken(key, 'wxt_sh_', { ...share, role });
    expect(() => openSharePass(key, forged, now * 1000)).toThrow(AppError);
  });
});
