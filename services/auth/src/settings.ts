import {
  busSettings,
  list,
  mongoSettings,
  natsReplicas,
  origin,
  readConfig,
  secretKey,
  serviceSettings,
  tokenSettings,
} from '@webxterm/shared';
import { z } from 'zod';
import { oidcProviders } from './oidc/provider-settings.ts';

/** Lines of base64url keys of at least 32 bytes. The first is the current one. Older ones below it still decrypt what they encrypted. */
const rootKeys = z.string().transform((text, context): Buffer[] =>
  text
    .split(/\s+/)
    .filter((line) => line !== '')
    .map((line) => {
      const parsed = secretKey.safeParse(line);
      if (parsed.success) return parsed.data;
      context.addIssue(parsed.error.issues[0]?.message ?? 'must be a key');
      return z.NEVER;
    }),
);

export const operatorShape = {
  ...mongoSettings,
  ROOT_KEY: rootKeys
    .refine((keys) => keys.length > 0, 'must hold a key of 32 random bytes or more, as base64url')
    .meta({
      description:
        'The keys from which those of passwords, API keys, the allow-list and the audit log are derived; the first is in use.',
      allowed: 'lines of 32 bytes or more, base64url',
    }),
};

export const verifyShape = { ...operatorShape, ...busSettings };

export const authShape = {
  ...operatorShape,
  ...serviceSettings,
  ...busSettings,
  NATS_REPLICAS: natsReplicas,
  ...tokenSettings,
  ADMIN_EMAIL: z.email('must be an e-mail address').max(254).optional().meta({
    description: 'The e-mail address of the first administrator; read only while there is no administrator.',
    allowed: 'an e-mail address',
  }),
  ADMIN_PASSWORD: z.string().min(6, 'must have 6 characters or more').max(512).optional().meta({
    description: 'The password of the first administrator; read only while there is no administrator.',
    allowed: '6 to 512 characters',
  }),
  SIGNUP: z
    .enum(['open', 'closed'], 'must be open or closed')
    .default('open')
    .describe('Whether people may sign up; `closed`: an administrator adds them.'),
  SIGNUPS_PER_ADDRESS: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(100_000, 'must be 100000 or less')
    .default(30)
    .describe('Sign-ups of one address that go through at once; beyond it about six a minute.'),
  MAX_SIGNINS_PER_USER: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(10_000, 'must be 10000 or less')
    .default(100)
    .describe('Sign-ins of one user that count at a time; beyond it the one that was seen longest ago ends.'),
  MAX_TOKEN_DAYS: z.coerce
    .number('must be a number of days')
    .int('must be a whole number of days')
    .min(1, 'must be 1 or more')
    .max(36_500, 'must be 36500 or less')
    .default(365)
    .describe('The longest validity of a personal access token, in days.'),
  OIDC_PROVIDERS: oidcProviders,
  PUBLIC_URL: origin.describe('The address that people open.'),
  AUDIT_RETENTION_DAYS: z.coerce
    .number('must be a number of days')
    .int('must be a whole number of days')
    .min(0, 'must be 0 (for ever) or more')
    .max(36_500, 'must be 36500 or less; 0 keeps them for ever')
    .default(365)
    .describe('Days after which rows of the audit log are deleted; 0 keeps them for ever.'),
  EXTRA_ORIGINS: list.default([]).describe('Other origins under which people open it.'),
  INSTALLATION_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must have 1 to 64 characters of A-Z a-z 0-9 _ -')
    .meta({
      description: 'The name of this installation, in the name of the cookie: browsers share cookies between ports.',
      allowed: '1 to 64 characters of A-Z a-z 0-9 _ -',
    }),
};

export const readAuthSettings = (environment?: Record<string, string | undefined>) =>
  readConfig('auth', authShape, environment);
export type AuthSettings = ReturnType<typeof readAuthSettings>;

/** The settings of the audit log check. */
export const readVerifySettings = (environment?: Record<string, string | undefined>) =>
  readConfig('audit-verify', verifyShape, environment);

/** The settings of the operator commands. */
export const readOperatorSettings = (environment?: Record<string, string | undefined>) =>
  readConfig('admin', operatorShape, environment);
