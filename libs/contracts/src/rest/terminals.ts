import { z } from 'zod';
import { maxWinsize } from '../frames/limits.ts';
import { AgentId, LinuxUserName, SessionId, Timestamp, UserId, ViewerId } from '../ids.ts';
import { defaultKind, SessionKindName } from '../session-kinds.ts';
import { maxSessionTitle } from '../session-titles.ts';
import { defineRoute, PageQuery, pageFields } from './route.ts';
import { visibleText } from './visible-text.ts';

export const AttachMode = z.enum(['control', 'view']);
export type AttachMode = z.infer<typeof AttachMode>;

export const createTicket = defineRoute({
  id: 'createTicket',
  owner: 'terminal',
  method: 'post',
  path: '/api/terminal/tickets',
  access: 'user',
  summary: 'A one-use ticket for a terminal WebSocket',
  description:
    'Without session_id a new session id is made, and its first attach opens the shell. Use the ticket within 30 s as ?token=.',
  body: z.strictObject({
    agent_id: z.string().max(64),
    session_id: SessionId.optional(),
    mode: AttachMode.default('control'),
    kind: SessionKindName.optional().meta({
      description: `The kind of a new session, ${defaultKind} by default. An existing session keeps its kind.`,
    }),
    linux_user: LinuxUserName.optional().meta({
      description: 'The Linux user of a new session, by default the first of my_linux_users of the machine.',
    }),
  }),
  success: {
    status: 201,
    schema: z.object({
      ticket: z.string(),
      session_id: SessionId,
      expires_in: z.number().int().meta({ description: 'Seconds.' }),
    }),
  },
  errors: [
    'machine_not_found',
    'session_not_found',
    'view_only',
    'machine_offline',
    'too_many_sessions',
    'kind_not_supported',
  ],
});

export const TerminalSession = z
  .object({
    session_id: SessionId,
    agent_id: AgentId,
    user_id: UserId,
    username: z.string(),
    kind: z.string().meta({ description: `What the session carries: ${defaultKind} is a terminal.` }),
    status: z.enum(['active', 'closed']),
    created_at: Timestamp,
    closed_at: Timestamp.nullable(),
    exit_code: z.number().int().nullable(),
    signal: z.string().nullable(),
    cause: z.string().nullable(),
    ip_address: z.string(),
    linux_user: z.string().optional().meta({
      description:
        'The Linux user of the session. Missing: it was not opened yet, or by a version before several users.',
    }),
    name: z.string().optional().meta({ description: 'The name that its user gave it. Only for its user.' }),
    title: z.string().optional().meta({ description: 'The last title that a program set. Only for its user.' }),
    command: z.string().optional().meta({
      description:
        'The program in the foreground, without arguments. Missing: the shell, or unknown. Only for its user.',
    }),
    directory: z.string().optional().meta({ description: 'The working directory, if it is known. Only for its user.' }),
  })
  .meta({ id: 'TerminalSession' });
export type TerminalSession = z.infer<typeof TerminalSession>;

export const listSessions = defineRoute({
  id: 'listTerminalSessions',
  owner: 'terminal',
  method: 'get',
  path: '/api/terminal/sessions',
  access: 'user',
  summary: 'My live terminal sessions, newest first',
  query: PageQuery.omit({ page: true }).extend({
    agent_id: z.string().max(64).optional(),
    limit: PageQuery.shape.limit.removeDefault().default(500),
  }),
  success: {
    status: 200,
    schema: z.object({ sessions: z.array(TerminalSession), next_cursor: pageFields.next_cursor }),
  },
});

export const listMachineSessions = defineRoute({
  id: 'listMachineSessions',
  owner: 'terminal',
  method: 'get',
  path: '/api/machines/:agent_id/sessions',
  access: 'user',
  summary: 'The terminal sessions of a machine, newest first',
  description:
    "The machine's owner and administrators see everyone's, others their own. Ended ones are kept for 90 days.",
  params: z.strictObject({ agent_id: z.string() }),
  query: PageQuery.extend({ status: z.enum(['active', 'closed']).optional() }),
  success: {
    status: 200,
    schema: z.object({ sessions: z.array(TerminalSession), ...pageFields }).meta({ id: 'SessionList' }),
  },
  errors: ['machine_not_found'],
});

const SessionParams = z.strictObject({ id: z.string() });

export const getSession = defineRoute({
  id: 'getSession',
  owner: 'terminal',
  method: 'get',
  path: '/api/sessions/:id',
  access: 'user',
  summary: 'One terminal session',
  description: "Its own user's, and for the machine's owner and administrators anyone's.",
  params: SessionParams,
  success: { status: 200, schema: z.object({ session: TerminalSession }) },
  errors: ['session_not_found'],
});

export const renameSession = defineRoute({
  id: 'renameTerminalSession',
  owner: 'terminal',
  method: 'patch',
  path: '/api/terminal/sessions/:id',
  access: 'user',
  summary: 'Name one of my sessions',
  description: 'The name takes precedence over the title that programs set, in every browser. null removes it.',
  params: SessionParams,
  body: z.strictObject({
    name: visibleText(maxSessionTitle)
      .nullable()
      .meta({ override: { type: ['string', 'null'] } }),
  }),
  success: { status: 200, schema: z.object({ session: TerminalSession }) },
  errors: ['session_not_found'],
});

export const endSession = defineRoute({
  id: 'endTerminalSession',
  owner: 'terminal',
  method: 'delete',
  path: '/api/terminal/sessions/:id',
  access: 'user',
  summary: 'End a session: its shell gets SIGHUP, and SIGKILL after 5 s',
  description: 'On a machine that is offline it ends when the machine is back, before anybody can attach.',
  params: SessionParams,
  success: { status: 204 },
  errors: ['session_not_found'],
});

export const resizeSession = defineRoute({
  id: 'resizeTerminalSession',
  owner: 'terminal',
  method: 'post',
  path: '/api/terminal/sessions/:id/resize',
  access: 'user',
  summary: 'Resize a session; for raw clients, which cannot send a resize frame',
  params: SessionParams,
  body: z.strictObject({
    cols: z.number().int().min(1).max(maxWinsize),
    rows: z.number().int().min(1).max(maxWinsize),
  }),
  success: { status: 204 },
  errors: ['session_not_found', 'conflict', 'machine_offline'],
});

/** Query of the WebSocket `GET /api/terminal/:agent_id/ws`. */
export const TerminalQuery = z.object({
  token: z.string().max(4096).optional(),
  session_id: SessionId.optional(),
  viewer_id: ViewerId.optional(),
  cols: z.coerce.number().int().min(1).max(maxWinsize).optional(),
  rows: z.coerce.number().int().min(1).max(maxWinsize).optional(),
  from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: 'Raw clients: every byte before this offset is there.',
  }),
  mode: AttachMode.optional(),
  kind: SessionKindName.optional().meta({ description: `The kind of a new session, ${defaultKind} by default.` }),
  linux_user: LinuxUserName.optional().meta({ description: 'The Linux user of a new session.' }),
});

/** Query of the WebSocket `GET /api/terminal/:agent_id/tcp`. */
export const ForwardQuery = z.object({
  token: z.string().max(4096).optional(),
  host: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name, or an address without brackets')
    .meta({ description: 'Resolved on the machine. An IPv6 address has no brackets.', example: 'localhost' }),
  port: z.coerce.number().int().min(1).max(65_535).meta({ example: 5432 }),
  session_id: SessionId.optional().meta({
    description:
      'Chosen by the client, so that it can attach again and never opens a second connection. 128 random bits.',
  }),
});

/** Query of the WebSocket `GET /api/terminal/:agent_id/ssh`. */
export const SshQuery = ForwardQuery.pick({ token: true, session_id: true }).extend({
  linux_user: LinuxUserName.optional().meta({ description: 'The Linux user of the connection. Missing: the default.' }),
});

/** Headers of the upgrade response. */
export const terminalHeader = {
  sessionId: 'x-session-id',
  viewerId: 'x-viewer-id',
  streamOffset: 'x-stream-offset',
  /** `on` or `required`: the session is recorded. Missing: it is not. */
  recorded: 'x-recorded',
} as const;

export const terminalRoutes = [
  createTicket,
  listSessions,
  listMachineSessions,
  getSession,
  renameSession,
  endSession,
  resizeSession,
] as const;
