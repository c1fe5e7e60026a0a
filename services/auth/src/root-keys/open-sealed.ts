import { openToken } from '@webxterm/shared/api';
import type { z } from 'zod';
import type { RootKey, RootKeys } from './root-keys.ts';

/** The claims of a token that was sealed with a key of any root, and that root. Undefined: it is invalid or over. */
export const openSealed = <S extends z.ZodType<{ exp: number }>>(
  { all }: RootKeys,
  keyOf: (root: RootKey) => Buffer,
  prefix: Parameters<typeof openToken>[1],
  schema: S,
  sealed: string,
  nowMs: number,
): { readonly claims: z.output<S>; readonly root: RootKey } | undefined => {
  for (const root of all) {
    try {
      return { claims: openToken(keyOf(root), prefix, schema, sealed, nowMs), root };
    } catch {
      // Another root may have sealed it.
    }
  }
  return undefined;
};
