import { defaultCols, defaultRows } from '@webxterm/contracts/frames';
import { AttachGrant } from '@webxterm/contracts/grpc';
import { joinHostAndPort } from '@webxterm/contracts/host-and-port';
import type { ForwardQuery } from '@webxterm/contracts/rest';
import { tcpKind } from '@webxterm/contracts/session-kinds';
import { AppError } from '@webxterm/shared';
import type { z } from 'zod';
import { type Admission, newId } from '../tickets/admission.ts';
import { checkAgentId } from '../websocket/upgrade-request.ts';
import type { ViewerRequest } from '../websocket/viewer-context.ts';

interface Arrival {
  readonly requestId: string;
  readonly admission: Admission;
  readonly agentId: string;
  readonly query: z.output<typeof ForwardQuery>;
}

/**
 * The session of a forwarded connection. It has no record: its id is random and chosen by the client, the hub checks the right `forward`,
 * and the agent compares user and target at each attach.
 * @throws AppError machine_not_found, unauthenticated
 */
export const resolveForward = ({ requestId, admission, agentId, query }: Arrival): ViewerRequest => {
  checkAgentId(agentId);
  const { kind, sessionId: known, viewerId, userId } = admission;
  if (admission.agentId !== undefined && admission.agentId !== agentId)
    throw new AppError('unauthenticated', 'The token is for another machine.');
  if (known !== undefined && query.session_id !== undefined && known !== query.session_id)
    throw new AppError('unauthenticated', 'The token is for another session.');
  return {
    requestId,
    admission,
    agentId,
    sessionId: known ?? query.session_id ?? newId().toString('base64url'),
    ownerUserId: userId,
    grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
    mode: 'control',
    recording: 'off',
    sessionKind: tcpKind,
    target: joinHostAndPort(query.host, query.port),
    mayCreate: kind !== 'pass',
    from: undefined,
    viewerId,
    cols: defaultCols,
    rows: defaultRows,
  };
};
