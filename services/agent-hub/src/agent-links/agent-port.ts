import type { IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { AgentServiceService, metadataKey, rawAgentAttach } from '@webxterm/contracts/grpc';
import type { Claim, Rendezvous } from '../attachments/rendezvous.ts';
import { keepChannelBinding } from '../grpc-server/channel-binding.ts';
import type { PortRules, Verdict } from '../grpc-server/guarded-port.ts';

/**
 * Rules of the port that agents dial. Any host can connect. A new connection may open only its control stream. After the welcome it may
 * also open the attach streams that the hub has requested.
 */
export const agentPort = (rendezvous: Pick<Rendezvous, 'awaits'>): PortRules => ({
  name: 'agents',
  // The greetings that a hub serves at once; a fleet behind one address connects in batches. When many agents dial at once, honest dials
  // also time out before they are proven. 200 of these a second use a tenth of a CPU.
  unproven: { total: 1000, perSender: 500, strikes: { burst: 2000, perSecond: 200 } },
  // Node's own limits. An agent ends its streams by half-close. It resets only calls that hang, and all its streams when it exits.
  resets: { burst: 1000, perSecond: 33 },
  unprovenStreamsAtOnce: 1,
  onSession: keepChannelBinding,
  judge: (headers, { isProven }) => {
    if (isCompressed(headers)) return { code: status.UNIMPLEMENTED, details: 'compressed messages are not supported' };
    return isProven ? judgeLinked(headers, rendezvous) : judgeUnproven(headers);
  },
});

const judgeUnproven = ({ ':path': path }: IncomingHttpHeaders): Verdict =>
  path === AgentServiceService.stream.path
    ? 'admit'
    : { code: status.UNAUTHENTICATED, details: 'the first stream of a connection must be the control stream' };

const judgeLinked = (headers: IncomingHttpHeaders, rendezvous: Pick<Rendezvous, 'awaits'>): Verdict => {
  switch (headers[':path']) {
    case rawAgentAttach.path:
      return rendezvous.awaits(claimOf((key) => textOf(headers[key]))) ? 'admit' : unasked;
    case AgentServiceService.stream.path:
      return { code: status.FAILED_PRECONDITION, details: 'a connection can have only one control stream' };
    default:
      return { code: status.UNIMPLEMENTED, details: 'unknown method' };
  }
};

/** The status of an attach stream that nothing awaits, for example because it came too late. */
export const unasked = { code: status.UNAUTHENTICATED, details: 'this stream is not awaited, or no longer' } as const;

/** The metadata by which an attach stream names its link and proves that the hub requested it. */
export const claimOf = (text: (key: string) => string): Claim => ({
  linkId: text(metadataKey.linkId),
  attachId: text(metadataKey.attachId),
  secret: Buffer.from(text(metadataKey.attachSecret), 'base64url'),
});

const isCompressed = ({ 'grpc-encoding': encoding }: IncomingHttpHeaders): boolean =>
  encoding !== undefined && encoding !== 'identity';

const textOf = (header: string | string[] | undefined): string => (typeof header === 'string' ? header : '');
