import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { Role } from '../rest/accounts.ts';
import { defineRequest } from './request.ts';

const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** Asked by agent-hub at registration. Only the SHA-256 of the key ever travels. Errors: bad_api_key, user_disabled, unavailable. */
export const verifyApiKey = defineRequest({
  subject: 'auth.apikey.verify',
  queue: 'auth',
  request: z.object({
    key_sha256: Sha256Hex,
    /** Where the agent dials from, as the hub sees it: shown to the owner as the key's last use. */
    ip_address: z.string().max(64).optional(),
  }),
  reply: z.object({
    user_id: UserId,
    username: z.string(),
    key_id: z.string(),
  }),
  deadlineMs: 2000,
});

/** Who is called so, or has these ids; whoever is not there is left out. Asked by agent-hub for access lists. Errors: unavailable. */
export const findUsers = defineRequest({
  subject: 'auth.users.find',
  queue: 'auth',
  request: z.object({ username: z.string().max(1024).optional(), user_ids: z.array(UserId).max(1000).default([]) }),
  reply: z.object({
    users: z.array(
      z.object({
        user_id: UserId,
        username: z.string(),
        disabled: z.boolean(),
        /** Empty from an auth of an earlier version. */
        email: z.string().default(''),
        avatar_url: z.string().nullable().default(null),
      }),
    ),
  }),
  deadlineMs: 2000,
});

/**
 * What a user owns: asked by auth before an account is deleted, to say what becomes of it. Errors: unavailable.
 * Answered by agent-hub, which acts on `auth.user.changed` when the account is deleted.
 */
export const machinesOfUser = defineRequest({
  subject: 'machines.of_user',
  queue: 'agent-hub',
  request: z.object({ user_id: UserId }),
  reply: z.object({
    total: z.number().int().min(0),
    /** The first names by alphabet, 20 at most. */
    names: z.array(z.string()).max(20),
  }),
  deadlineMs: 2000,
});

/** How many live terminal sessions a user has, on whosever machines: asked by auth for the same end. Errors: unavailable. */
export const sessionsOfUser = defineRequest({
  subject: 'terminal.sessions.of_user',
  queue: 'terminal',
  request: z.object({ user_id: UserId }),
  reply: z.object({ live: z.number().int().min(0) }),
  deadlineMs: 2000,
});

/**
 * Bucket `signins`, written by auth alone: the allow-list. Keys: see signinKey. What stands under a key is `signature.json`: 86
 * characters of base64url, an Ed25519 signature by auth over the key and the JSON of a SigninStatement. ADR 12.
 */
export const signinBucket = 'signins';

/** KV key of a sign-in: `s.` and the SHA-256 of its sid in hex. */
export const signinKey = (sidSha256Hex: string): string => `s.${sidSha256Hex}`;

/** What auth signs. Of two under one key the one with the later `at` counts. */
export const SigninStatement = z.object({
  /** When auth said so, ms since 1970. */
  at: z.number().int(),
  /** A SigninEntry, SigninEpoch or SigninBeat, by the key. Null: the sign-in ended. */
  value: z.unknown(),
});
export type SigninStatement = z.infer<typeof SigninStatement>;

/**
 * An entry counts when NATS stored it within this of its `at`, either way. One that is stored later is a copy, which the server makes
 * for whoever asks it in the right way: it could bring back a sign-in that has ended. The clocks of auth and NATS may differ by less.
 */
export const signinStoredWithinMs = 30_000;

/** A sign-in that counts. Entries of an earlier epoch than the current do not count. */
export const SigninEntry = z.object({
  user_id: UserId,
  username: z.string(),
  role: Role,
  disabled: z.boolean(),
  /** When the sign-in ends at the latest, seconds since 1970. */
  exp: z.number().int(),
  epoch: z.string(),
});
export type SigninEntry = z.infer<typeof SigninEntry>;

/** KV key `epoch`: the list is complete under this epoch. A rebuilt list gets a new one. */
export const signinEpochKey = 'epoch';
export const SigninEpoch = z.object({
  epoch: z.string(),
  complete_at: Timestamp,
});

/** KV key `beat`: written once a second by every auth instance; its age tells how old the list may be. */
export const signinBeatKey = 'beat';
export const SigninBeat = z.object({ epoch: z.string(), at: Timestamp });

/** No beat for this long: REST and new attaches answer 503. */
export const signinStaleAfterMs = 90_000;
/** No beat for this long: open terminals are detached. */
export const signinDetachAfterMs = 15 * 60_000;

/** Told on the EVENTS stream. */
export const authEvents = {
  'auth.user.changed': z.object({
    user_id: UserId,
    role: Role,
    disabled: z.boolean(),
    deleted: z.boolean(),
    /**
     * Where deleted: who gets the user's machines, with whatever runs on them but the user's own sessions. Null: nobody; they are
     * removed as DELETE /api/machines/:agent_id does it. A handed-over machine goes on without being configured again, although the
     * API key that it was enrolled with is gone.
     */
    machines_to: UserId.nullable().default(null),
  }),
  'auth.apikey.rotated': z.object({ user_id: UserId, old_key_id: z.string() }),
} as const;
