import { z } from 'zod';
import { Timestamp } from '../ids.ts';
import { SignInAnswer } from './accounts.ts';
import { SignInProvider } from './oidc.ts';
import { defineRoute, PasskeyRequest } from './route.ts';
import { FactorMethods, RecoveryCodes } from './second-factors.ts';
import { visibleText } from './visible-text.ts';

const base64url = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url')
    .meta({ example: 'dGVzdA' });

/** The id of a passkey. It is not the id of the credential. */
export const PasskeyId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16}$/, 'must be the id of a passkey')
  .meta({ example: 'Y3JlZGVudGlhbC1h' });

export const PasskeyName = visibleText(64).meta({
  example: 'Work laptop',
});

/** A credential id has at most 1023 bytes (WebAuthn 3, 4). Fields that this version does not know are ignored. */
const credentialFields = { id: base64url(1364), rawId: base64url(1364), type: z.literal('public-key') };

/** The answer of the browser for a new passkey: RegistrationResponseJSON. */
export const NewCredential = z.object({
  ...credentialFields,
  response: z.object({
    clientDataJSON: base64url(8192),
    attestationObject: base64url(32_768),
    transports: z.array(z.string().max(32)).max(8).optional(),
  }),
});
export type NewCredential = z.infer<typeof NewCredential>;

/** The answer of the browser for a passkey that is used: AuthenticationResponseJSON. */
export const UsedCredential = z.object({
  ...credentialFields,
  response: z.object({
    clientDataJSON: base64url(8192),
    authenticatorData: base64url(8192),
    signature: base64url(4096),
    userHandle: base64url(128).nullish(),
  }),
});
export type UsedCredential = z.infer<typeof UsedCredential>;

const Ceremony = z
  .string()
  .max(1024)
  .meta({ description: 'From the response with the options. Valid once, for 5 minutes.' });

const RequestOptions = z.object({
  ceremony: z.string(),
  options: PasskeyRequest.meta({ description: 'PublicKeyCredentialRequestOptionsJSON.' }),
});

export const signInMethods = defineRoute({
  id: 'signInMethods',
  owner: 'auth',
  method: 'get',
  path: '/api/login/methods',
  access: 'public',
  summary: 'The ways to sign in beside e-mail and password',
  success: {
    status: 200,
    schema: z.object({
      passkey_host: z.string().nullable().meta({
        description: 'The host name for which passkeys are valid (RP id). Null: the public address is an IP address.',
      }),
      providers: z.array(SignInProvider).default([]).meta({ description: 'For POST /api/login/oidc/{provider}.' }),
    }),
  },
});

export const beginPasskeySignIn = defineRoute({
  id: 'beginPasskeySignIn',
  owner: 'auth',
  method: 'post',
  path: '/api/login/passkey/options',
  access: 'public',
  summary: 'Start a sign-in with a passkey alone',
  success: { status: 200, schema: RequestOptions },
  errors: ['no_passkeys'],
});

export const passkeySignIn = defineRoute({
  id: 'passkeySignIn',
  owner: 'auth',
  method: 'post',
  path: '/api/login/passkey',
  access: 'public',
  summary: 'Sign in with a passkey alone',
  description: 'The authenticator must have verified the user, by a PIN or biometrically.',
  body: z.strictObject({ ceremony: Ceremony, credential: UsedCredential }),
  success: { status: 200, schema: SignInAnswer },
  errors: ['bad_challenge', 'wrong_passkey', 'user_disabled', 'no_passkeys'],
});

export const confirmLoginPasskey = defineRoute({
  id: 'confirmLoginPasskey',
  owner: 'auth',
  method: 'post',
  path: '/api/login/second-factor/passkey',
  access: 'public',
  summary: 'Complete a sign-in with a passkey as the second factor',
  description: '`challenge` and the options (`passkey`) are from the response second_factor_required.',
  body: z.strictObject({ challenge: z.string().max(1024), credential: UsedCredential }),
  success: { status: 200, schema: SignInAnswer },
  errors: ['bad_challenge', 'wrong_passkey', 'user_disabled', 'no_passkeys'],
});

export const beginStepUpPasskey = defineRoute({
  id: 'beginStepUpPasskey',
  owner: 'auth',
  method: 'post',
  path: '/api/auth/step-up/passkey/options',
  access: 'user',
  summary: 'Start to confirm this sign-in with a passkey',
  description: '`methods` are those of the account. Without a passkey, `passkey` is missing.',
  success: {
    status: 200,
    schema: z.object({ methods: FactorMethods, passkey: RequestOptions.optional() }),
  },
});

export const stepUpPasskey = defineRoute({
  id: 'stepUpPasskey',
  owner: 'auth',
  method: 'post',
  path: '/api/auth/step-up/passkey',
  access: 'user',
  summary: 'Confirm this sign-in with a passkey',
  body: z.strictObject({ ceremony: Ceremony, credential: UsedCredential }),
  success: { status: 200, schema: z.object({ valid_until: Timestamp }) },
  errors: ['bad_challenge', 'wrong_passkey', 'not_found', 'no_passkeys'],
});

export const beginPasskey = defineRoute({
  id: 'beginPasskey',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/second-factor/passkeys/options',
  access: 'user',
  beforeEnrolment: true,
  summary: 'Start to add a passkey',
  description: 'A wrong current password is invalid_input with the path current_password.',
  body: z.strictObject({ current_password: z.string().max(512) }),
  success: {
    status: 200,
    schema: z.object({
      ceremony: z.string(),
      options: z
        .object({
          rp: z.object({ id: z.string().optional(), name: z.string() }),
          user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
          challenge: z.string(),
          pubKeyCredParams: z.array(z.object({ alg: z.number(), type: z.literal('public-key') })),
          timeout: z.number().optional(),
          excludeCredentials: PasskeyRequest.shape.allowCredentials,
          authenticatorSelection: z
            .object({ residentKey: z.string().optional(), userVerification: z.string().optional() })
            .optional(),
          attestation: z.string().optional(),
        })
        .meta({ description: 'PublicKeyCredentialCreationOptionsJSON.' }),
    }),
  },
  errors: ['conflict', 'step_up_required', 'no_passkeys', 'forbidden'],
});

export const addPasskey = defineRoute({
  id: 'addPasskey',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/second-factor/passkeys',
  access: 'user',
  beforeEnrolment: true,
  summary: 'Add a passkey; every other sign-in ends',
  body: z.strictObject({ ceremony: Ceremony, name: PasskeyName, credential: NewCredential }),
  success: { status: 201, schema: RecoveryCodes },
  errors: ['bad_challenge', 'wrong_passkey', 'conflict', 'step_up_required', 'no_passkeys'],
});

const PasskeyParams = z.strictObject({ id: PasskeyId });

export const renamePasskey = defineRoute({
  id: 'renamePasskey',
  owner: 'auth',
  method: 'patch',
  path: '/api/profile/second-factor/passkeys/:id',
  access: 'user',
  summary: 'Rename a passkey',
  params: PasskeyParams,
  body: z.strictObject({ name: PasskeyName }),
  success: { status: 204 },
  errors: ['not_found', 'step_up_required'],
});

export const removePasskey = defineRoute({
  id: 'removePasskey',
  owner: 'auth',
  method: 'delete',
  path: '/api/profile/second-factor/passkeys/:id',
  access: 'user',
  summary: 'Remove a passkey',
  params: PasskeyParams,
  success: { status: 204 },
  errors: ['not_found', 'step_up_required'],
});

export const passkeyRoutes = [
  signInMethods,
  beginPasskeySignIn,
  passkeySignIn,
  confirmLoginPasskey,
  beginStepUpPasskey,
  stepUpPasskey,
  beginPasskey,
  addPasskey,
  renamePasskey,
  removePasskey,
] as const;
