import type { Route } from '@webxterm/contracts/rest';
import { z } from 'zod';

const Claims = z.object({ sub: z.string().min(1).max(64) });

/** Whether the answer of a service shows that it accepted the token: it looks at that before everything that a client can get wrong. */
export const tokenAccepted = ({ access }: Route, status: number | undefined): boolean =>
  (access === 'user' || access === 'admin') && status !== undefined && status < 500 && status !== 401 && status !== 403;

/** Whose token this is. It is not verified here: ask only of one that a service has accepted. */
export const userOfAccepted = (authorization: string | undefined): string | undefined => {
  const claims = authorization?.split('.')[1] ?? '';
  try {
    return Claims.safeParse(JSON.parse(Buffer.from(claims, 'base64url').toString())).data?.sub;
  } catch {
    return undefined;
  }
};
