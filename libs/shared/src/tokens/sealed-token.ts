import { timingSafeEqual } from 'node:crypto';
import { parseJson } from '@webxterm/contracts/json';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import { hmacSha256 } from '../hmac.ts';

/** The kinds of tokens signed by this product. The MAC covers the prefix, so a token of one kind is never accepted as another. */
export type SealedTokenPrefix =
  | 'wxt_tk_'
  | 'wxt_rp_'
  | 'wxt_rc_'
  | 'wxt_sh_'
  | 'wxt_lp_'
  | 'wxt_sf_'
  | 'wxt_pk_'
  | 'wxt_oi_';

/** `<prefix><base64url JSON>.<base64url HMAC-SHA-256>`: signed, not encrypted. `claims.exp` is in seconds since 1970. */
export const sealToken = (
  key: Buffer,
  prefix: SealedTokenPrefix,
  claims: { readonly exp: number; readonly [name: string]: unknown },
): string => {
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${prefix}${payload}.${hmacSha256(key, prefix, payload).toString('base64url')}`;
};

/** @throws AppError unauthenticated when the token is of another kind, not signed by `key`, expired or malformed */
export const openToken = <S extends z.ZodType<{ exp: number }>>(
  key: Buffer,
  prefix: SealedTokenPrefix,
  schema: S,
  token: string,
  nowMs: number,
): z.output<S> => {
  const [payload = '', signature = ''] = token.startsWith(prefix) ? token.slice(prefix.length).split('.', 2) : [];
  const given = Buffer.from(signature, 'base64url');
  const wanted = hmacSha256(key, prefix, payload);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new AppError('unauthenticated');
  const parsed = schema.safeParse(parseJson(Buffer.from(payload, 'base64url').toString('utf8')));
  if (!parsed.success || parsed.data.exp * 1000 <= nowMs) throw new AppError('unauthenticated');
  return parsed.data;
};
