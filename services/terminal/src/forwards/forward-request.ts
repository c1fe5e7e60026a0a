import { defaultCols, defaultRows } from '@webxterm/contracts/frames';
import { AttachGrant } from '@webxterm/contracts/grpc';
import { joinHostAndPort } from '@webxterm/contracts/host-and-port';
import type { ForwardQuery, SshQuery } from '@webxterm/contracts/rest';
import { sshKind, tcpKind } from '@webxterm/contracts/session-kinds';
import { AppError } from '@webxterm/shared';
import type { z } from 'zod';
import type { RecordingModes } from '../sessions/recording-mode.ts';
import { type Admission, newId } from '../tickets/admission.ts';
import { checkAgentId } from '../websocket/upgrade-request.ts';
import type { ViewerRequest } from '../websocket/viewer-context.ts';

interface Arrival {
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  readonly admission: Admission;
  readonly agentId: string;
}

/**
 * A session without a record: its id is random and chosen by the client, the hub checks the right, and the agent compares the user at each
 * attach.
 * @throws AppError machine_not_found, unauthenticated
 */
export const withoutRecord = (
  { requestId, traceparent, admission, agentId }: Arrival,
  query: { readonly session_id?: string | undefined },
  own: Pick<ViewerRequest, 'recording' | 'sessionKind' | 'target' | 'clientIp' | 'linuxUser'>,
): ViewerRequest => {
  checkAgentId(agentId);
  const { kind, sessionId: known, viewerId, userId } = admission;
  if (admission.agentId !== undefined && admission.agentId !== agentId)
    throw new AppError('unauthenticated', 'The token is for another machine.');
  if (known !== undefined && query.session_id !== undefined && known !== query.session_id)
    throw new AppError('unauthenticated', 'The token is for another session.');
  return {
    requestId,
    traceparent,
    admission,
    agentId,
    sessionId: known ?? query.session_id ?? newId().toString('base64url'),
    ownerUserId: userId,
    grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
    mode: 'control',
    ...own,
    mayCreate: kind !== 'pass',
    from: undefined,
    viewerId,
    cols: defaultCols,
    rows: defaultRows,
  };
};

/** The session of a forwarded connection. @throws AppError machine_not_found, unauthenticated */
export const resolveForward = (arrival: Arrival, query: z.output<typeof ForwardQuery>): ViewerRequest => {
  const target = joinHostAndPort(query.host, query.port);
  return withoutRecord(arrival, query, { recording: 'off', sessionKind: tcpKind, target });
};

/**
 * The session of an ssh connection. If terminals of the machine must be recorded, the agent starts neither shells nor commands in it, because
 * nothing records them.
 * @throws AppError machine_not_found, unauthenticated; an error of the database
 */
export const resolveSsh = async (
  policies: RecordingModes,
  arrival: Arrival & { readonly clientIp: string },
  query: z.output<typeof SshQuery>,
): Promise<ViewerRequest> => {
  // Before the database is asked with it.
  checkAgentId(arrival.agentId);
  const { applies } = await policies.ofMachine(arrival.agentId);
  return withoutRecord(arrival, query, {
    recording: applies.mode === 'required' ? 'required' : 'off',
    sessionKind: sshKind,
    clientIp: arrival.clientIp,
    linuxUser: query.linux_user,
  });
};
