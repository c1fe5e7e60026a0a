import { z } from 'zod';
import { Timestamp } from '../ids.ts';
import { defineRoute } from './route.ts';

/** The public id of a sign-in. Its tokens do not contain it. */
export const SigninId = z
  .string()
  .regex(/^[0-9a-f]{24}$/, 'must be the id of a sign-in')
  .meta({ example: '6b0d11cd0f314f303f716334' });

export const SigninSummary = z
  .object({
    id: SigninId,
    /** Whether it is the sign-in of this request. */
    current: z.boolean(),
    created_at: Timestamp,
    last_seen_at: Timestamp,
    /** Latest end of the sign-in. */
    expires_at: Timestamp,
    /** Address at which it was created. */
    ip_address: z.string(),
    user_agent: z.string(),
  })
  .meta({ id: 'Signin' });

export const listSignins = defineRoute({
  id: 'listSignins',
  owner: 'auth',
  method: 'get',
  path: '/api/auth/sessions',
  access: 'user',
  summary: 'My sign-ins, the most recently used first',
  success: { status: 200, schema: z.object({ sessions: z.array(SigninSummary) }) },
});

export const endOtherSignins = defineRoute({
  id: 'endOtherSignins',
  owner: 'auth',
  method: 'delete',
  path: '/api/auth/sessions',
  access: 'user',
  summary: 'End all my sign-ins but this one; their terminals are detached',
  success: { status: 200, schema: z.object({ ended: z.number().int() }) },
});

export const endSignin = defineRoute({
  id: 'endSignin',
  owner: 'auth',
  method: 'delete',
  path: '/api/auth/sessions/:id',
  access: 'user',
  summary: 'End one of my sign-ins; its terminals are detached',
  params: z.strictObject({ id: SigninId }),
  success: { status: 204 },
  errors: ['not_found'],
});

export const signinRoutes = [listSignins, endOtherSignins, endSignin] as const;
