import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export type Claims = Record<string, unknown>;

/** The claims of a token, not verified. */
export const claimsOf = (token: string): Claims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));

export const signHs256 = (secret: Buffer | string, claims: Claims, header: Claims = {}): string => {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT', kid: 'k1', ...header })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

/** Tokens with plausible claims that must be rejected, by their defect. */
export const forgedTokens = (secret: Buffer, good: string): Record<string, string> => {
  const claims = claimsOf(good);
  const now = Math.floor(Date.now() / 1000);
  const [header = '', payload = '', signature = ''] = good.split('.');
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rs256 = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${encode(claims)}`;
  const without = (name: string): Claims => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
  return {
    'with alg none': `${encode({ alg: 'none', typ: 'JWT', kid: 'k1' })}.${payload}.`,
    'with alg none and our signature': `${encode({ alg: 'none', typ: 'JWT', kid: 'k1' })}.${payload}.${signature}`,
    'without signature': `${header}.${payload}.`,
    'tampered claims': `${header}.${encode({ ...claims, sub: 'f'.repeat(24) })}.${signature}`,
    'another key': signHs256(Buffer.alloc(32, 7), claims),
    'an unknown kid': signHs256(secret, claims, { kid: 'k2' }),
    'no kid': signHs256(secret, claims, { kid: undefined }),
    HS384: (() => {
      const signed = `${encode({ alg: 'HS384', typ: 'JWT', kid: 'k1' })}.${payload}`;
      return `${signed}.${createHmac('sha384', secret).update(signed).digest('base64url')}`;
    })(),
    RS256: `${rs256}.${createSign('RSA-SHA256').update(rs256).sign(privateKey).toString('base64url')}`,
    'HS256 with an RSA public key': signHs256(publicKey.export({ type: 'spki', format: 'pem' }), claims),
    'expired since a second': signHs256(secret, { ...claims, iat: now - 86_401, nbf: now - 86_401, exp: now - 1 }),
    // The clocks may differ by 90 s.
    'not valid yet': signHs256(secret, { ...claims, nbf: now + 120 }),
    'a foreign issuer': signHs256(secret, { ...claims, iss: 'somebody' }),
    'a foreign audience': signHs256(secret, { ...claims, aud: 'somebody' }),
    'another typ': signHs256(secret, { ...claims, typ: 'ticket' }),
    ...Object.fromEntries(
      ['iss', 'aud', 'typ', 'exp', 'sub', 'sid', 'jti'].map((name) => [`no ${name}`, signHs256(secret, without(name))]),
    ),
    'a sign-in that is not on the list': signHs256(secret, { ...claims, sid: 'A'.repeat(32) }),
    "another user's id": signHs256(secret, { ...claims, sub: 'f'.repeat(24) }),
    garbage: 'not-a-token',
    empty: '',
  };
};
