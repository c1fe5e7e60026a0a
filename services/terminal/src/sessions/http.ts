import type { AttachMode, TerminalSession } from '@webxterm/contracts/rest';
import {
  AgentId,
  createTicket,
  endSession,
  getSession,
  listMachineSessions,
  listSessions,
  renameSession,
  resizeSession,
  SessionId,
} from '@webxterm/contracts/rest';
import { defaultKind } from '@webxterm/contracts/session-kinds';
import { AppError, toAppError } from '@webxterm/shared';
import type { Api, Caller } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import { newId } from '../tickets/admission.ts';
import { newTicket, ticketLifeSeconds } from '../tickets/ticket.ts';
import type { Denials } from '../websocket/denials.ts';
import { kindOf, requireKind, requireLinuxUser } from './kind.ts';
import type { MachineCalls } from './machine-calls.ts';
import type { SessionRecord } from './record.ts';
import { type RecordingModes, recordingOfNew } from './recording-mode.ts';
import type { SessionStore } from './store.ts';

export interface SessionsHttpOptions {
  readonly store: SessionStore;
  readonly machines: MachineCalls;
  readonly ticketKey: Buffer;
  readonly policies: RecordingModes;
  readonly auditor: Pick<Auditor, 'act'>;
  readonly denials: Pick<Denials, 'note'>;
  readonly now: () => number;
}

/** Mounts the REST API of tickets and sessions. */
export const mountSessions = (api: Api, options: SessionsHttpOptions): void => {
  const { store, machines } = options;

  api.mount(createTicket, async ({ body, caller, context }) => {
    if (!AgentId.safeParse(body.agent_id).success) throw new AppError('machine_not_found');
    const named =
      body.session_id === undefined
        ? reserve(options, caller, body, context)
        : returning(options, caller, { ...body, session_id: body.session_id }, context.requestId);
    const {
      sessionId,
      kind,
      watch = false,
    } = await named.catch((error: unknown) => {
      const scope = { ...context, caller };
      options.denials.note(toAppError(error), scope, { agentId: body.agent_id, sessionId: body.session_id });
      throw error;
    });
    if (body.mode === 'view' && body.session_id === undefined)
      throw new AppError('invalid_input', 'mode "view" needs a session_id.');
    const { agent_id, mode } = body;
    const session = { agent_id, session_id: sessionId, mode, kind, ...(watch && { watch }) };
    const ticket = newTicket(options.ticketKey, caller, session, options.now());
    return { ticket, session_id: sessionId, expires_in: ticketLifeSeconds };
  });

  api.mount(listSessions, async ({ query, caller, context }) => {
    const { records: live, next } = await store.live(caller.userId, query);
    const reached = new Set<string>();
    for (const agentId of new Set(live.map(({ agent_id }) => agent_id)))
      if (await machines.reachesOwn(caller, agentId, context.requestId)) reached.add(agentId);
    return {
      sessions: live.filter(({ agent_id }) => reached.has(agent_id)).map((record) => toSession(record, caller)),
      next_cursor: next,
    };
  });

  api.mount(listMachineSessions, async ({ params, query, caller, context }) => {
    if (!AgentId.safeParse(params.agent_id).success) throw new AppError('machine_not_found');
    const scope = await machines.scopeOn(caller, params.agent_id, context.requestId);
    const { page, limit } = query;
    const { records, total, next } = await store.page(scope, params.agent_id, query);
    const pages = { total, page, limit, total_pages: Math.ceil(total / limit), next_cursor: next };
    return { sessions: records.map((record) => toSession(record, caller)), ...pages };
  });

  api.mount(getSession, async ({ params, caller, context }) => ({
    session: toSession(await visible(options, caller, params.id, context.requestId), caller),
  }));

  api.mount(renameSession, async ({ params, body, caller, context }) => {
    const { session_id } = await own(options, caller, params.id, context.requestId);
    return { session: toSession(await store.rename(caller.userId, session_id, body.name), caller) };
  });

  api.mount(endSession, async ({ params, caller, context }) => {
    const record = await visible(options, caller, params.id, context.requestId);
    if (record.status !== 'active') throw new AppError('session_not_found', 'This session has already ended.');
    const target = { type: 'session', id: record.session_id, name: record.username } as const;
    const fact = { action: 'terminal_closed', reason: 'asked', agentId: record.agent_id, target } as const;
    await options.auditor.act({ ...fact, sessionId: record.session_id }, () =>
      machines.endSession(caller, record, context.requestId),
    );
    return undefined;
  });

  api.mount(resizeSession, async ({ params, body, caller, context }) => {
    const record = await own(options, caller, params.id, context.requestId);
    if (record.status === 'closed') throw new AppError('session_not_found', 'This session has already ended.');
    if (record.raw_viewer_id === null)
      throw new AppError('conflict', 'No raw client is attached to this session, so it has no window to resize.');
    await machines.resizeSession(caller, record, record.raw_viewer_id, body, context.requestId);
    return undefined;
  });
};

interface NamedSession {
  readonly sessionId: string;
  readonly kind: string;
  /** The session of another user, whom the caller may watch. */
  readonly watch?: boolean;
}

/** The fields of a request that describe its session. */
interface Wanted {
  readonly kind?: string | undefined;
  readonly linux_user?: string | undefined;
}

const reserve = async (
  { store, machines, policies }: SessionsHttpOptions,
  caller: Caller,
  { agent_id: agentId, kind = defaultKind, linux_user: linuxUser }: Wanted & { agent_id: string },
  { requestId, clientIp }: { requestId: string; clientIp: string },
): Promise<NamedSession> => {
  await machines.requireOpen(caller, agentId, kind, requestId);
  const sessionId = newId().toString('base64url');
  const { userId, username } = caller;
  const recording = await recordingOfNew(policies, agentId, kind);
  await store.reserve({ sessionId, agentId, userId, username, kind, recording, ipAddress: clientIp, linuxUser });
  return { sessionId, kind };
};

/** An existing session: the caller's own, or to view it that of another user on a machine on which the caller has the right to watch. */
const returning = async (
  { store, machines }: SessionsHttpOptions,
  caller: Caller,
  body: Wanted & { readonly agent_id: string; readonly session_id: string; readonly mode: AttachMode },
  requestId: string,
): Promise<NamedSession> => {
  const { agent_id: agentId, session_id: sessionId, mode } = body;
  const record = await store.find({ kind: 'any' }, sessionId);
  if (record.agent_id !== agentId) throw new AppError('session_not_found');
  const watch = record.user_id !== caller.userId;
  if (watch && (mode !== 'view' || record.status !== 'active')) throw new AppError('session_not_found');
  if (watch && !(await machines.has(caller, agentId, 'watch', requestId))) throw new AppError('session_not_found');
  requireLinuxUser(record, body.linux_user);
  return { sessionId, kind: requireKind(record, body.kind), watch };
};

/** The session, if the caller owns it or may manage its machine. @throws AppError session_not_found */
const visible = async (
  { store, machines }: SessionsHttpOptions,
  caller: Caller,
  id: string,
  requestId: string,
): Promise<SessionRecord> => {
  const record = await store.find({ kind: 'any' }, sessionIdOf(id));
  const may =
    record.user_id === caller.userId
      ? machines.reachesOwn(caller, record.agent_id, requestId)
      : machines.mayManage(caller, record.agent_id, requestId);
  if (!(await may)) throw new AppError('session_not_found');
  return record;
};

/** The session, if the caller owns it. @throws AppError session_not_found */
const own = async (
  { store, machines }: SessionsHttpOptions,
  caller: Caller,
  id: string,
  requestId: string,
): Promise<SessionRecord> => {
  const record = await store.find({ kind: 'owner', userId: caller.userId }, sessionIdOf(id));
  if (!(await machines.reachesOwn(caller, record.agent_id, requestId))) throw new AppError('session_not_found');
  return record;
};

const sessionIdOf = (text: string): string => {
  if (!SessionId.safeParse(text).success) throw new AppError('session_not_found');
  return text;
};

/** Fields that only the user of a session sees, because a title or a directory may reveal the user's work. Empty fields are left out. */
const ownFields = ({ name, title, command, directory }: SessionRecord): Partial<TerminalSession> =>
  Object.fromEntries(Object.entries({ name, title, command, directory }).filter(([, value]) => value));

const toSession = (record: SessionRecord, caller: Caller): TerminalSession => ({
  session_id: record.session_id,
  agent_id: record.agent_id,
  user_id: record.user_id,
  username: record.username,
  kind: kindOf(record),
  status: record.status === 'closed' ? 'closed' : 'active',
  created_at: record.created_at.toISOString(),
  closed_at: record.closed_at?.toISOString() ?? null,
  exit_code: record.exit_code,
  signal: record.signal,
  cause: record.cause,
  ip_address: record.ip_address,
  ...(record.linux_user === undefined ? {} : { linux_user: record.linux_user }),
  ...(record.user_id === caller.userId ? ownFields(record) : {}),
});
