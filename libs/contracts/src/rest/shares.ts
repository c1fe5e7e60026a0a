import { z } from 'zod';
import { AgentId, SessionId, Timestamp, UserId } from '../ids.ts';
import { Grantee } from './access.ts';
import { defineRoute } from './route.ts';
import { AttachMode } from './terminals.ts';

/** Longest life of a share, in minutes. */
export const maxShareMinutes = 24 * 60;
/** Largest number of users of one link. */
export const maxLinkUses = 50;

const id128 = /^[A-Za-z0-9_-]{21}[AQgw]$/;
/** 128 random bits as base64url without padding. */
export const ShareId = z.string().regex(id128, 'must be a share id').meta({ example: 'pX0nB5z1QmS9v7b2H3k4lA' });
/** The secret of a link, 128 random bits as base64url without padding. It is only behind `#` in an address, which browsers send to no server. */
export const ShareSecret = z
  .string()
  .regex(id128, 'must be the secret of a link')
  .meta({ example: 'q2Zt0V8yTq6J1u3d5m7f9A' });

const common = {
  share_id: ShareId,
  session_id: SessionId,
  role: AttachMode.meta({ description: '`control`: the guest may type when the owner allows it.' }),
  types_always: z.boolean().meta({ description: 'With `control`: the guest may type without asking.' }),
  expires_at: Timestamp,
};

/** A share, as its owner sees it. */
export const SessionShare = z
  .object({
    ...common,
    kind: z.enum(['user', 'link']),
    user: z.object({ user_id: UserId, username: z.string() }).nullable().meta({ description: 'null: a link.' }),
    uses_left: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Of a link: how many more users may use it. null: no link.' }),
    members: z
      .array(z.object({ user_id: UserId, username: z.string(), joined_at: Timestamp }))
      .meta({ description: 'The users who have used the link.' }),
    created_at: Timestamp,
  })
  .meta({ id: 'SessionShare' });
export type SessionShare = z.infer<typeof SessionShare>;

/** A session of another user, as its guest sees it. */
export const SharedSession = z
  .object({ ...common, agent_id: AgentId, owner: z.string().meta({ description: 'The username of the owner.' }) })
  .meta({ id: 'SharedSession' });
export type SharedSession = z.infer<typeof SharedSession>;

const OfSession = z.strictObject({ id: z.string() });
const OfShare = z.strictObject({ share_id: z.string() });
const Who = z.string().min(1).max(256);

export const findShareGrantee = defineRoute({
  id: 'findShareGrantee',
  owner: 'terminal',
  method: 'get',
  path: '/api/terminal/sessions/:id/shares/grantee',
  access: 'user',
  summary: 'The user with exactly this username or e-mail address, to check before sharing a session of mine',
  description: 'After 60 look-ups and shares, a user has 12 a minute.',
  params: OfSession,
  query: z.strictObject({ user: Who }),
  success: { status: 200, schema: z.object({ user: Grantee }) },
  errors: ['session_not_found', 'not_found', 'conflict'],
});

export const createShare = defineRoute({
  id: 'createSessionShare',
  owner: 'terminal',
  method: 'post',
  path: '/api/terminal/sessions/:id/shares',
  access: 'user',
  summary: 'Share a session of mine, with a user or by a link',
  description:
    'Without `user`, a link is made: open `/join#` followed by the secret. Its users must be signed in. The share ends with this sign-in, with my access to the machine, and with the session.',
  params: OfSession,
  body: z.strictObject({
    user: Who.optional().meta({ description: 'A username or an e-mail address. Missing: a link.' }),
    user_id: UserId.optional().meta({
      description: 'The user whom the caller means. If the name is now that of another user: conflict.',
    }),
    role: AttachMode,
    types_always: z.boolean().default(false),
    minutes: z.number().int().min(1).max(maxShareMinutes).default(60),
    uses: z.number().int().min(1).max(maxLinkUses).default(1).meta({ description: 'How many users may use the link.' }),
  }),
  success: {
    status: 201,
    schema: z.object({
      share: SessionShare,
      secret: ShareSecret.nullable().meta({ description: 'Of a link, shown only now. null: no link.' }),
    }),
  },
  errors: [
    'session_not_found',
    'machine_not_found',
    'view_only',
    'not_found',
    'conflict',
    'machine_hosts_stack',
    'too_many_shares',
  ],
});

export const listShares = defineRoute({
  id: 'listSessionShares',
  owner: 'terminal',
  method: 'get',
  path: '/api/terminal/sessions/:id/shares',
  access: 'user',
  summary: 'The shares of a session of mine that have not ended',
  params: OfSession,
  success: { status: 200, schema: z.object({ shares: z.array(SessionShare) }) },
  errors: ['session_not_found'],
});

export const revokeShare = defineRoute({
  id: 'revokeSessionShare',
  owner: 'terminal',
  method: 'delete',
  path: '/api/terminal/sessions/:id/shares/:share_id',
  access: 'user',
  summary: 'End a share; its guests are detached within a second',
  params: z.strictObject({ id: z.string(), share_id: z.string() }),
  success: { status: 204 },
  errors: ['session_not_found', 'share_not_found'],
});

export const redeemShare = defineRoute({
  id: 'redeemShareLink',
  owner: 'terminal',
  method: 'post',
  path: '/api/terminal/shares/redeem',
  access: 'user',
  summary: 'Use the link of a shared session',
  description:
    'The answer to a link that is wrong, used up, revoked or over is the same. A user who has used it may use it again. After 20 tries of a user, or 20 wrong ones from an address, there are 6 a minute.',
  body: z.strictObject({ secret: z.string().max(64) }),
  success: { status: 200, schema: z.object({ share: SharedSession }) },
  errors: ['share_not_found', 'conflict', 'too_many_requests'],
});

export const listSharedSessions = defineRoute({
  id: 'listSharedSessions',
  owner: 'terminal',
  method: 'get',
  path: '/api/terminal/shares',
  access: 'user',
  summary: 'The sessions that others share with me',
  success: { status: 200, schema: z.object({ shares: z.array(SharedSession) }) },
});

export const joinShare = defineRoute({
  id: 'joinSharedSession',
  owner: 'terminal',
  method: 'post',
  path: '/api/terminal/shares/:share_id/join',
  access: 'user',
  summary: 'A one-use ticket for the WebSocket of a shared session',
  description: 'Use the ticket within 30 s as ?token= of the WebSocket of the machine `agent_id`.',
  params: OfShare,
  success: {
    status: 201,
    schema: z.object({
      share: SharedSession,
      ticket: z.string(),
      expires_in: z.number().int().meta({ description: 'Seconds.' }),
    }),
  },
  errors: ['share_not_found', 'too_many_requests'],
});

export const shareRoutes = [
  findShareGrantee,
  createShare,
  listShares,
  revokeShare,
  redeemShare,
  listSharedSessions,
  joinShare,
] as const;
