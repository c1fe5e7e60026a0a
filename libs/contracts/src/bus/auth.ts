import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { Role } from '../rest/accounts.ts';
import { TokenLimits } from '../token-scopes.ts';
import { defineRequest } from './request.ts';

const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** Agent-hub sends it at registration. It holds only the SHA-256 of the key, never the key. Errors: bad_api_key, user_disabled, unavailable. */
export const verifyApiKey = defineRequest({
  subject: 'auth.apikey.verify',
  queue: 'auth',
  request: z.object({
    key_sha256: Sha256Hex,
    /** Address of the agent as the hub sees it. The owner sees it as the last use of the key. */
    ip_address: z.string().max(64).optional(),
  }),
  reply: z.object({
    user_id: UserId,
    username: z.string(),
    key_id: z.string(),
  }),
  deadlineMs: 2000,
});

/**
 * A personal access token that a service was shown, as the SHA-256 of its text. The service sends it for a token that it does not know, and
 * at most once a minute for one that it knows, so that the last use is recorded. The reply has the sid of the token: the allow-list decides
 * what it allows. Errors: unauthenticated (unknown, revoked or expired), token_not_allowed (from this address), too_many_requests,
 * unavailable.
 */
export const useAccessToken = defineRequest({
  subject: 'auth.token.use',
  queue: 'auth',
  request: z.object({ token_sha256: Sha256Hex, ip_address: z.string().max(64) }),
  reply: z.object({ sid: z.string().min(16).max(64) }),
  deadlineMs: 2000,
});

/** Finds users by name, e-mail address or id, for agent-hub and terminal. Unknown users are missing in the reply. Errors: unavailable. */
export const findUsers = defineRequest({
  subject: 'auth.users.find',
  queue: 'auth',
  request: z.object({
    username: z.string().max(1024).optional(),
    /** An older version of auth finds nobody by it. */
    email: z.string().max(1024).optional(),
    user_ids: z.array(UserId).max(1000).default([]),
  }),
  reply: z.object({
    users: z.array(
      z.object({
        user_id: UserId,
        username: z.string(),
        disabled: z.boolean(),
        /** Empty in a reply from an older version of auth. */
        email: z.string().default(''),
        avatar_url: z.string().nullable().default(null),
      }),
    ),
  }),
  deadlineMs: 2000,
});

/**
 * The machines that a user owns. Auth sends it before an account is deleted, to show what is affected. Errors: unavailable.
 * Agent-hub replies. It acts on `auth.user.changed` once the account is deleted.
 */
export const machinesOfUser = defineRequest({
  subject: 'machines.of_user',
  queue: 'agent-hub',
  request: z.object({ user_id: UserId }),
  reply: z.object({
    total: z.number().int().min(0),
    /** The first 20 names in alphabetical order. */
    names: z.array(z.string()).max(20),
  }),
  deadlineMs: 2000,
});

/** Number of live terminal sessions of a user on all machines. Auth sends it before an account is deleted. Errors: unavailable. */
export const sessionsOfUser = defineRequest({
  subject: 'terminal.sessions.of_user',
  queue: 'terminal',
  request: z.object({ user_id: UserId }),
  reply: z.object({ live: z.number().int().min(0) }),
  deadlineMs: 2000,
});

/**
 * Bucket `signins`, the allow-list of sign-ins. Only auth writes it. For keys see signinKey. A value is `signature.json`: 86 characters of
 * base64url, an Ed25519 signature by auth over the key and the JSON of a SigninStatement. ADR 12.
 */
export const signinBucket = 'signins';

/** KV key of a sign-in: `s.` and the SHA-256 of its sid in hex. */
export const signinKey = (sidSha256Hex: string): string => `s.${sidSha256Hex}`;

/** The JSON that auth signs. If a key has two values, the one with the later `at` is valid. */
export const SigninStatement = z.object({
  /** Time of the statement, ms since 1970. */
  at: z.number().int(),
  /** A SigninEntry, SigninEpoch or SigninBeat, depending on the key. Null: the sign-in has ended. */
  value: z.unknown(),
});
export type SigninStatement = z.infer<typeof SigninStatement>;

/**
 * An entry is valid only if NATS stored it at most this long before or after its `at`. A later one is a copy: a client can make the server
 * copy a stored message, which could restore an ended sign-in. The clocks of auth and NATS must differ by less than this.
 */
export const signinStoredWithinMs = 30_000;

/**
 * A valid sign-in, or a valid personal access token. Entries of an epoch before the current one are invalid. The entry of a token is stored
 * as disabled, so that a service of a version without tokens refuses it and does not take it for a sign-in without limits.
 */
export const SigninEntry = z
  .object({
    user_id: UserId,
    username: z.string(),
    role: Role,
    disabled: z.boolean(),
    /** Latest end of the sign-in, seconds since 1970. */
    exp: z.number().int(),
    epoch: z.string(),
    /** Whether the user has a second factor. Missing: no, or written by an older version. */
    second_factor: z.boolean().optional(),
    /** Only of a token: its limits, and whether its owner is disabled. */
    token: TokenLimits.extend({ owner_disabled: z.boolean() }).optional(),
  })
  .transform((entry) => ({ ...entry, disabled: entry.token?.owner_disabled ?? entry.disabled }));
export type SigninEntry = z.infer<typeof SigninEntry>;

/** KV key `epoch`: the list is complete for this epoch. A rebuilt list gets a new epoch. */
export const signinEpochKey = 'epoch';
export const SigninEpoch = z.object({
  epoch: z.string(),
  complete_at: Timestamp,
});

/**
 * From when users without a second factor may only set one up, in ms since 1970. Null: never. Of two rules the one with the greater version
 * is valid.
 */
export const FactorRule = z.object({
  version: z.number().int(),
  admins_from: z.number().int().nullable(),
  everyone_from: z.number().int().nullable(),
});
export type FactorRule = z.infer<typeof FactorRule>;

/** KV key `beat`: every auth instance writes it once a second. Its age is the greatest possible age of the list. */
export const signinBeatKey = 'beat';
export const SigninBeat = z.object({
  epoch: z.string(),
  at: Timestamp,
  /** Missing: an older version of auth, or one that has not read the policy. */
  factors: FactorRule.optional(),
});

/** Without a beat for this long, REST and new attaches get 503. */
export const signinStaleAfterMs = 90_000;
/** Without a beat for this long, open terminals are detached. */
export const signinDetachAfterMs = 15 * 60_000;

/** Events on the EVENTS stream, by subject. */
export const authEvents = {
  'auth.user.changed': z.object({
    user_id: UserId,
    role: Role,
    disabled: z.boolean(),
    deleted: z.boolean(),
    /**
     * For a deleted user: the new owner of the user's machines. Everything on them continues, except the user's own sessions. Null: the
     * machines are removed as by DELETE /api/machines/:agent_id. A machine that is handed over needs no new configuration, although the API
     * key of its enrolment no longer exists.
     */
    machines_to: UserId.nullable().default(null),
  }),
  'auth.apikey.rotated': z.object({ user_id: UserId, old_key_id: z.string() }),
} as const;
