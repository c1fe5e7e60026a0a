import {
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { maxWinsize } from '@webxterm/contracts/frames';
import {
  type EndSessionRequest,
  type EndSessionResponse,
  HubServiceService,
  type ResizeSessionRequest,
  type ResizeSessionResponse,
  rawHubAttach,
} from '@webxterm/contracts/grpc';
import { AppError, toAppError } from '@webxterm/shared';
import { claimOf, unasked } from '../agent-links/agent-port.ts';
import type { ToAgent } from '../agent-links/link.ts';
import { type Allowed, endsSessionsOf, personOf, requireRight } from '../machines/access-rule.ts';
import { AttachCall, type AttachCallOptions, notHere } from './attach-call.ts';
import type { Rendezvous } from './rendezvous.ts';
import { failStream, type RawStream } from './splice.ts';

/** The gRPC service on the internal port. Attach messages stay undecoded. */
export const hubServiceDefinition: ServiceDefinition = { ...HubServiceService, attach: rawHubAttach };

export const hubService = (options: AttachCallOptions): UntypedServiceImplementation => ({
  attach: (viewer: RawStream) => void new AttachCall(options, viewer).run(),
  endSession: unary(options, async (request: EndSessionRequest): Promise<EndSessionResponse> => {
    checkId(request.sessionId, 'session');
    const { send, access, userId } = await reach(options, request);
    // The agent knows the owner of the session, and ends it only if this user may, so the terminal service need not be trusted.
    const ownerUserId = endsSessionsOf(access, userId) ?? '';
    send({ $case: 'endSession', value: { sessionId: request.sessionId, cause: request.cause, ownerUserId } });
    return {};
  }),
  resizeSession: unary(options, async (request: ResizeSessionRequest): Promise<ResizeSessionResponse> => {
    const { sessionId, viewerId, cols, rows } = request;
    checkId(sessionId, 'session');
    checkId(viewerId, 'viewer');
    if (cols < 1 || cols > maxWinsize || rows < 1 || rows > maxWinsize)
      throw new AppError('invalid_input', `Columns and rows are 1 to ${maxWinsize}.`);
    const { send, access, userId } = await reach(options, request);
    requireRight(access, 'open');
    send({ $case: 'resizeSession', value: { sessionId, viewerId, cols, rows, userId } });
    return {};
  }),
});

/** Accepts attach streams that agents open on request. */
export const takeAgentStream =
  (rendezvous: Rendezvous) =>
  (stream: RawStream): void => {
    const claim = claimOf((key) => String(stream.metadata.get(key)[0] ?? ''));
    if (!rendezvous.meet(claim, stream)) failStream(stream, unasked.code, unasked.details);
  };

class NotHere extends Error {
  override readonly name = 'NotHere';
}

/** The link of the machine and the rights of the caller. @throws NotHere without a link; AppError without access */
const reach = async (
  { allowList, authorizer, links }: Pick<AttachCallOptions, 'allowList' | 'authorizer' | 'links'>,
  { sid, agentId }: { sid: string; agentId: string },
): Promise<{ send: (message: ToAgent) => void; access: Allowed; userId: string }> => {
  const signin = await allowList.find(sid);
  if (links.find(agentId) === undefined) throw new NotHere();
  const access = await authorizer.access(personOf(signin), agentId);
  const link = links.find(agentId);
  if (link === undefined) throw new NotHere();
  return { send: (message) => link.send(message), access, userId: signin.user_id };
};

const unary =
  <Q, A>(options: AttachCallOptions, act: (request: Q) => Promise<A>) =>
  (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>): void => {
    act(call.request).then(
      (answer) => callback(null, answer),
      (error: unknown) => {
        if (error instanceof NotHere) return callback({ code: status.NOT_FOUND, details: notHere });
        const known = toAppError(error);
        if (known.code === 'internal') options.logger.error({ err: error }, 'internal call failed');
        // The details carry the error code, which the terminal service returns to its client.
        callback({ code: grpcStatus(known), details: known.code });
      },
    );
  };

const grpcStatus = ({ status: http }: AppError): status => {
  if (http === 400) return status.INVALID_ARGUMENT;
  if (http === 401) return status.UNAUTHENTICATED;
  // No access. NOT_FOUND is reserved for a machine whose link this hub does not hold.
  if (http === 403 || http === 404) return status.PERMISSION_DENIED;
  if (http === 429) return status.RESOURCE_EXHAUSTED;
  return http === 503 ? status.UNAVAILABLE : status.INTERNAL;
};

const checkId = (id: Buffer, what: string): void => {
  if (id.length !== 16) throw new AppError('invalid_input', `A ${what} id has 16 bytes.`);
};
