import type { RecordingMode } from '@webxterm/contracts/frames';
import { defaultCols, defaultRows } from '@webxterm/contracts/frames';
import { AttachGrant } from '@webxterm/contracts/grpc';
import type { TerminalQuery } from '@webxterm/contracts/rest';
import { defaultKind, unknownKind, viewerKinds } from '@webxterm/contracts/session-kinds';
import { AppError } from '@webxterm/shared';
import type { z } from 'zod';
import type { UsedShare } from '../attachment/attach-open.ts';
import type { Recordings } from '../recordings/recordings.ts';
import { kindOf, requireKind, requireLinuxUser } from '../sessions/kind.ts';
import { type RecordingModes, recordingOfNew } from '../sessions/recording-mode.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { ShareStore } from '../sharing/store.ts';
import { type Admission, newId } from '../tickets/admission.ts';
import { checkAgentId } from './upgrade-request.ts';
import type { ViewerRequest } from './viewer-context.ts';

type Query = z.output<typeof TerminalQuery>;

export interface Arrival {
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  readonly clientIp: string;
  readonly admission: Admission;
  readonly agentId: string;
  readonly query: Query;
}

/**
 * Finds the session of a caller. A new session is named and recorded before its first attach. An existing session must belong to the
 * caller, according to its record or to a resume pass.
 * @throws AppError machine_not_found, session_not_found, invalid_input, forbidden, kind_not_supported, unavailable
 */
export const resolveViewerRequest = async (naming: SessionNaming, arrival: Arrival): Promise<ViewerRequest> => {
  const { admission, agentId, query, requestId, traceparent } = arrival;
  checkAgentId(agentId);
  if (admission.agentId !== undefined && admission.agentId !== agentId)
    throw new AppError('unauthenticated', 'The token is for another machine.');
  if (admission.sessionId !== undefined && query.session_id !== undefined && admission.sessionId !== query.session_id)
    throw new AppError('unauthenticated', 'The token is for another session.');
  const named = admission.sessionId ?? query.session_id;
  const mode = admission.mode ?? query.mode ?? 'control';
  // A view needs an existing session.
  if (mode === 'view' && named === undefined) throw new AppError('invalid_input', 'mode=view needs a session_id.');
  const { store, policies, recordings } = naming;
  const session = isGuest(admission)
    ? await sessionOfAnother(naming, admission, named)
    : await nameSession(store, policies, arrival, named);
  if (session.agentId !== undefined && session.agentId !== agentId) throw new AppError('session_not_found');
  const mayCreate = session.mayCreate && mode === 'control';
  const [cols, rows] = [query.cols ?? defaultCols, query.rows ?? defaultRows];
  const recording = mayCreate ? await beginRecording(recordings, arrival, session, { cols, rows }) : session.recording;
  return {
    requestId,
    traceparent,
    admission,
    agentId,
    sessionId: session.id,
    ownerUserId: session.ownerUserId,
    grant: session.grant,
    ownerUsername: session.ownerUsername,
    share: session.share,
    mode,
    recording,
    sessionKind: session.kind,
    linuxUser: session.linuxUser,
    mayCreate,
    from: query.from,
    viewerId: admission.viewerId ?? query.viewer_id,
    cols,
    rows,
  };
};

/** The id of the session of a caller, and the recording of a session that is opened. */
export interface SessionNaming {
  readonly store: SessionStore;
  readonly policies: RecordingModes;
  readonly recordings: Pick<Recordings, 'begin'>;
  readonly shares: Pick<ShareStore, 'usable'>;
}

/**
 * Begins the recording of a session that is about to be opened. A session that does not have to be recorded is opened without a recording if
 * none can begin. @returns whether it is recorded
 * @throws AppError recording_unavailable
 */
const beginRecording = async (
  recordings: Pick<Recordings, 'begin'>,
  { admission, agentId }: Arrival,
  { id: sessionId, recording: mode, kind }: NamedSession,
  size: { cols: number; rows: number },
): Promise<RecordingMode> => {
  if (mode === 'off') return mode;
  const { userId, username } = admission;
  try {
    await recordings.begin({ sessionId, agentId, userId, username, kind, mode, ...size });
    return mode;
  } catch (error) {
    if (mode === 'required') throw error;
    return 'off';
  }
};

interface NamedSession {
  readonly id: string;
  readonly ownerUserId: string;
  readonly grant: AttachGrant;
  /** Only of another user. */
  readonly ownerUsername?: string;
  readonly agentId?: string;
  readonly share?: UsedShare;
  readonly mayCreate: boolean;
  readonly kind: string;
  /** The Linux user of a session that is opened. Undefined: the default. */
  readonly linuxUser?: string | undefined;
  readonly recording: RecordingMode;
}

const isGuest = ({ shareId, watches }: Admission): boolean => shareId !== undefined || watches === true;

/**
 * The session of another user. A share is read here after the terminal is registered under it (`Visits.begin`). The hub checks the right to watch.
 * @throws AppError share_not_found, session_not_found
 */
const sessionOfAnother = async (
  { store, shares }: SessionNaming,
  { shareId, userId }: Admission,
  named: string | undefined,
): Promise<NamedSession> => {
  const share = shareId === undefined ? undefined : await shares.usable(shareId, userId);
  const code = share === undefined ? 'session_not_found' : 'share_not_found';
  if (named === undefined || (share !== undefined && share.session_id !== named)) throw new AppError(code);
  const session = await store.find({ kind: 'any' }, named);
  if (session.status !== 'active') throw new AppError(code);
  return {
    id: named,
    ownerUserId: session.user_id,
    ownerUsername: session.username,
    agentId: session.agent_id,
    grant: share === undefined ? AttachGrant.ATTACH_GRANT_WATCH : AttachGrant.ATTACH_GRANT_SHARE,
    ...(share === undefined ? {} : { share }),
    mayCreate: false,
    kind: kindOf(session),
    recording: session.recording ?? 'off',
  };
};

/** A session of the caller, which needs no grant. */
const own = (session: Omit<NamedSession, 'grant'>): NamedSession => ({
  ...session,
  grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
});

const nameSession = async (
  store: SessionStore,
  policies: RecordingModes,
  { admission, agentId, clientIp, query }: Arrival,
  named: string | undefined,
): Promise<NamedSession> => {
  const { userId, username } = admission;
  const requested = admission.sessionKind ?? query.kind;
  const kind = requested ?? defaultKind;
  if (admission.kind === 'pass' && named !== undefined)
    return own({ id: named, ownerUserId: userId, mayCreate: false, kind, recording: admission.recording ?? 'off' });
  if (named === undefined) {
    // Before the record: a refused kind leaves none that counts against the limit of its user.
    if (!viewerKinds.has(kind)) throw new AppError('kind_not_supported', unknownKind(kind, viewerKinds));
    const sessionId = newId().toString('base64url');
    const recording = await recordingOfNew(policies, agentId, kind);
    const linuxUser = query.linux_user;
    await store.reserve({ sessionId, agentId, userId, username, kind, recording, ipAddress: clientIp, linuxUser });
    return own({ id: sessionId, ownerUserId: userId, mayCreate: true, kind, linuxUser, recording });
  }
  const record = await store.find({ kind: 'owner', userId }, named);
  if (record.agent_id !== agentId) throw new AppError('session_not_found');
  requireLinuxUser(record, query.linux_user);
  const mayCreate = record.status === 'reserved';
  if (mayCreate) await store.requireRoom(userId, agentId);
  return own({
    id: named,
    ownerUserId: record.user_id,
    mayCreate,
    kind: requireKind(record, requested),
    linuxUser: record.linux_user,
    recording: record.recording ?? 'off',
  });
};
