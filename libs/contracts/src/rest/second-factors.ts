import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { SignInAnswer } from './accounts.ts';
import { defineRoute } from './route.ts';

/** Six digits of an authenticator app, or a recovery code. Spaces and hyphens are ignored. */
export const FactorCode = z
  .string()
  .max(64)
  .meta({ description: 'Six digits of an authenticator app, or a recovery code.', example: '492039' });

export const confirmLogin = defineRoute({
  id: 'confirmLogin',
  owner: 'auth',
  method: 'post',
  path: '/api/login/second-factor',
  access: 'public',
  summary: 'Complete a sign-in with a second factor',
  description:
    '`challenge` is from the response second_factor_required of sign-in, or of a reset link. It is valid for 5 minutes and for one sign-in. ' +
    'A code of an authenticator app is accepted once.',
  body: z.strictObject({ challenge: z.string().max(1024), code: FactorCode }),
  success: { status: 200, schema: SignInAnswer },
  errors: ['bad_challenge', 'wrong_code', 'user_disabled'],
});

/** The names of the ways in which a user can prove a second factor. */
export const FactorMethods = z
  .array(z.string())
  .meta({ description: 'Such as `totp`, `passkey` and `recovery_code`.' });

const Passkey = z.object({
  /** Not the id of the credential. */
  id: z.string(),
  name: z.string(),
  added_at: Timestamp,
  last_used_at: Timestamp.nullable(),
  synced: z.boolean().meta({ description: 'Whether the authenticator has a copy of it elsewhere.' }),
});
export type Passkey = z.infer<typeof Passkey>;

export const SecondFactors = z
  .object({
    /** The authenticator app. Null: none. */
    totp: z.object({ added_at: Timestamp }).nullable(),
    passkeys: z.array(Passkey).default([]).meta({ description: 'Missing in a response of an older version.' }),
    passkey_host: z.string().nullable().default(null).meta({
      description: 'The host name for which passkeys are valid. Null: the public address is an IP address.',
    }),
    recovery_codes_left: z.number().int(),
    /** When an administrator last removed the second factors of this account. */
    reset_at: Timestamp.nullable(),
  })
  .meta({ id: 'SecondFactors' });

export const secondFactors = defineRoute({
  id: 'secondFactors',
  owner: 'auth',
  method: 'get',
  path: '/api/profile/second-factor',
  access: 'user',
  beforeEnrolment: true,
  summary: 'My second factors',
  success: { status: 200, schema: SecondFactors },
});

export const beginTotp = defineRoute({
  id: 'beginTotp',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/second-factor/totp',
  access: 'user',
  beforeEnrolment: true,
  summary: 'Start to set up an authenticator app',
  description:
    'Returns a new secret (TOTP, RFC 6238: SHA-1, 6 digits, 30 s). It counts once a code of it is confirmed, within 10 minutes. ' +
    'A wrong current password is invalid_input with the path current_password.',
  body: z.strictObject({ current_password: z.string().max(512) }),
  success: {
    status: 200,
    schema: z.object({
      secret: z.string().meta({ description: 'Base32.' }),
      url: z.string().meta({ description: 'otpauth: URL, for a QR code.' }),
      expires_in: z.number().int().meta({ description: 'Seconds.' }),
    }),
  },
  errors: ['conflict', 'step_up_required', 'forbidden'],
});

export const RecoveryCodes = z.object({
  recovery_codes: z.array(z.string()).meta({ description: 'Shown once. Each can be used once in place of a code.' }),
});

export const confirmTotp = defineRoute({
  id: 'confirmTotp',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/second-factor/totp/confirm',
  access: 'user',
  beforeEnrolment: true,
  summary: 'Confirm the authenticator app with a code; every other sign-in ends',
  description: 'A wrong code is invalid_input with the path code.',
  body: z.strictObject({ code: FactorCode }),
  success: { status: 200, schema: RecoveryCodes },
  errors: ['conflict', 'step_up_required'],
});

export const removeTotp = defineRoute({
  id: 'removeTotp',
  owner: 'auth',
  method: 'delete',
  path: '/api/profile/second-factor/totp',
  access: 'user',
  summary: 'Remove my authenticator app',
  success: { status: 204 },
  errors: ['not_found', 'step_up_required'],
});

export const renewRecoveryCodes = defineRoute({
  id: 'renewRecoveryCodes',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/second-factor/recovery-codes',
  access: 'user',
  summary: 'Replace my recovery codes',
  success: { status: 200, schema: RecoveryCodes },
  errors: ['not_found', 'step_up_required'],
});

/** Time in seconds after a step-up in which routes that require one accept the sign-in. */
export const stepUpLifeSeconds = 600;

export const stepUp = defineRoute({
  id: 'stepUp',
  owner: 'auth',
  method: 'post',
  path: '/api/auth/step-up',
  access: 'user',
  summary: 'Confirm this sign-in with my second factor again',
  description:
    'Routes that answer step_up_required accept this sign-in for the next 10 minutes, as after a sign-in with a second factor. ' +
    'A wrong code is invalid_input with the path code.',
  body: z.strictObject({ code: FactorCode }),
  success: { status: 200, schema: z.object({ valid_until: Timestamp }) },
  errors: ['not_found'],
});

export const resetSecondFactors = defineRoute({
  id: 'resetSecondFactors',
  owner: 'auth',
  method: 'delete',
  path: '/api/users/:id/second-factor',
  access: 'admin',
  summary: 'Remove all second factors of a user; all their sign-ins end',
  description:
    'For a user who lost their device and their recovery codes. The user sees after the next sign-in that it was done.',
  params: z.strictObject({ id: UserId }),
  success: { status: 204 },
  errors: ['not_found', 'step_up_required'],
});

export const dismissFactorReset = defineRoute({
  id: 'dismissFactorReset',
  owner: 'auth',
  method: 'delete',
  path: '/api/profile/second-factor/reset',
  access: 'user',
  beforeEnrolment: true,
  summary: 'Dismiss the notice that an administrator removed my second factors',
  success: { status: 204 },
});

/** The users who must have a second factor. */
export const FactorRequirement = z.enum(['off', 'admins', 'everyone']);
export type FactorRequirement = z.infer<typeof FactorRequirement>;

export const FactorPolicy = z
  .object({
    required: FactorRequirement,
    grace_days: z.number().int().meta({ description: 'Days from the change of the policy to its effect.' }),
    admins_from: Timestamp.nullable().meta({
      description: 'From when administrators without a second factor may only set one up. Null: never.',
    }),
    everyone_from: Timestamp.nullable().meta({ description: 'The same for every user.' }),
    missing: z
      .object({ admins: z.number().int(), everyone: z.number().int() })
      .meta({ description: 'Enabled accounts without a second factor.' }),
  })
  .meta({ id: 'SecondFactorPolicy' });
export type FactorPolicy = z.infer<typeof FactorPolicy>;

export const factorPolicy = defineRoute({
  id: 'secondFactorPolicy',
  owner: 'auth',
  method: 'get',
  path: '/api/second-factor-policy',
  access: 'admin',
  summary: 'Who must have a second factor',
  success: { status: 200, schema: FactorPolicy },
});

export const changeFactorPolicy = defineRoute({
  id: 'changeSecondFactorPolicy',
  owner: 'auth',
  method: 'patch',
  path: '/api/second-factor-policy',
  access: 'admin',
  summary: 'Change who must have a second factor',
  description:
    'After the days of grace, sign-ins and access tokens of the users concerned who have no second factor are answered ' +
    'second_factor_enrolment_required, except for the routes that set one up.',
  body: z.strictObject({ required: FactorRequirement, grace_days: z.number().int().min(0).max(365) }),
  success: { status: 200, schema: FactorPolicy },
  errors: ['step_up_required'],
});

export const secondFactorRoutes = [
  confirmLogin,
  secondFactors,
  beginTotp,
  confirmTotp,
  removeTotp,
  renewRecoveryCodes,
  stepUp,
  resetSecondFactors,
  dismissFactorReset,
  factorPolicy,
  changeFactorPolicy,
] as const;
