import type { MethodDefinition } from '@grpc/grpc-js';
import { AgentServiceService } from './generated/vsay/agent/v1/agent.ts';
import { HubServiceService } from './generated/webxterm/hub/v1/hub.ts';

export { channelBindingOf } from './channel-binding.ts';
export * from './frame-message.ts';
export * from './generated/vsay/agent/v1/agent.ts';
export {
  EndSessionRequest,
  EndSessionResponse,
  HubServiceClient,
  type HubServiceServer,
  HubServiceService,
  ResizeSessionRequest,
  ResizeSessionResponse,
} from './generated/webxterm/hub/v1/hub.ts';

export { type Http2Wrappers, wrapHttp2 } from './http2-wrappers.ts';

/**
 * Names in certificates of the installation's private CA, independent of the host of a service: the hub for agents, the hub's internal
 * port, and the one service that calls it. Each side checks the name of the other, so a forged address or the certificate of another
 * service is useless, and a hub may move without a new certificate.
 */
export const certificateName = {
  hubForAgents: 'agents.agent-hub.webxterm.internal',
  hub: 'agent-hub.webxterm.internal',
  terminal: 'terminal.webxterm.internal',
} as const;

/** Metadata keys of AgentService.Attach and of the hub's internal port. */
export const metadataKey = {
  linkId: 'x-link-id',
  attachId: 'x-attach-id',
  /** base64url of the 16 bytes of open_stream. */
  attachSecret: 'x-attach-secret',
  hubToken: 'x-hub-token',
  /** In the initial metadata of the hub's answer to an attach: the capabilities of the agent, separated by commas. */
  agentCapabilities: 'x-agent-capabilities',
  /** Beside it: the Linux user of a new session, percent-encoded. */
  linuxUser: 'x-linux-user',
  requestId: 'x-request-id',
  /** W3C Trace Context, of an attach of the terminal service that is traced. */
  traceparent: 'traceparent',
} as const;

const identity = (bytes: Buffer): Buffer => bytes;

const raw = (method: {
  path: string;
  requestStream: boolean;
  responseStream: boolean;
}): MethodDefinition<Buffer, Buffer> => ({
  path: method.path,
  requestStream: method.requestStream,
  responseStream: method.responseStream,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
});

/** The attach RPCs with identity serializers: messages stay Buffers as received (wrapFrame, unwrapFrame). */
export const rawAgentAttach = raw(AgentServiceService.attach);
export const rawHubAttach = raw(HubServiceService.attach);
