import { z } from 'zod';
import { Timestamp } from '../ids.ts';
import { MachineTags } from './machine-labels.ts';
import { defineRoute } from './route.ts';
import { visibleText } from './visible-text.ts';

export const maxTokenMachines = 1000;
const maxTokenHours = 365 * 24;

/** `{hostname}` and `{n}` (how many machines the token has enrolled, with this one) are replaced. */
const NamePattern = visibleText(64)
  .refine(
    (text) => /^[^{}]*(\{(hostname|n)\}[^{}]*)+$/.test(text),
    'must contain {hostname} or {n}, and no other braces',
  )
  .meta({
    description: 'The name of each machine: 1 to 64 characters with `{hostname}` or `{n}` (1, 2, 3 …).',
    example: '{hostname}',
    override: { type: 'string' },
  });

/** A token with which several machines enrol by themselves. */
export const EnrolmentToken = z
  .object({
    token_id: z.string(),
    name: z.string(),
    /** Null: it enrolled no machine yet. */
    last_used: Timestamp.nullable(),
    machines: z.number().int().meta({ description: 'How many machines it may enrol.' }),
    enrolled: z
      .number()
      .int()
      .meta({ description: 'How many it has enrolled, including those that were removed since.' }),
    name_pattern: z.string(),
    tags: z.array(z.string()),
    created_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Timestamp.nullable(),
  })
  .meta({ id: 'EnrolmentToken' });
export type EnrolmentToken = z.infer<typeof EnrolmentToken>;

export const createEnrolmentToken = defineRoute({
  id: 'createEnrolmentToken',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/enrolment-tokens',
  access: 'user',
  summary: 'Create a token with which several machines enrol, for images and automation',
  description:
    'Each machine that presents the token (`vsay-agent configure --token wxt_et_…`, or install.sh) becomes a machine of ' +
    'its own of the caller, until the number or the time is reached. Only a hash of the token is stored.',
  body: z.strictObject({
    name: visibleText(64).meta({ description: 'What the token is for.', override: { type: 'string' } }),
    machines: z.number().int().min(1).max(maxTokenMachines),
    expires_in_hours: z.number().int().min(1).max(maxTokenHours).default(24),
    name_pattern: NamePattern.default('{hostname}'),
    tags: MachineTags.default([]),
  }),
  success: {
    status: 201,
    schema: z.object({ enrolment_token: EnrolmentToken, token: z.string().meta({ description: 'Shown only here.' }) }),
  },
  errors: ['too_many_enrolment_tokens'],
});

export const listEnrolmentTokens = defineRoute({
  id: 'listEnrolmentTokens',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/enrolment-tokens',
  access: 'user',
  summary: 'My enrolment tokens, newest first: at most 100, without the tokens themselves',
  success: {
    status: 200,
    schema: z.object({ enrolment_tokens: z.array(EnrolmentToken) }).meta({ id: 'EnrolmentTokenList' }),
  },
});

export const revokeEnrolmentToken = defineRoute({
  id: 'revokeEnrolmentToken',
  owner: 'agent-hub',
  method: 'delete',
  path: '/api/enrolment-tokens/:token_id',
  access: 'user',
  summary: 'Revoke an enrolment token: no further machine enrols with it; the enrolled ones stay',
  params: z.strictObject({ token_id: z.string().max(64) }),
  success: { status: 204 },
  errors: ['enrolment_token_not_found'],
});

export const enrolmentTokenRoutes = [createEnrolmentToken, listEnrolmentTokens, revokeEnrolmentToken] as const;
