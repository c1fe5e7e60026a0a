import type { IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { AgentServiceService, metadataKey, rawAgentAttach } from '@webxterm/contracts/grpc';
import type { Claim, Rendezvous } from '../attachments/rendezvous.ts';
import { keepChannelBinding } from '../grpc-server/channel-binding.ts';
import type { PortRules, Verdict } from '../grpc-server/guarded-port.ts';

/**
 * The port that agents dial: anybody may connect. A connection opens its control stream, and nothing else until it was
 * greeted; then it brings the attach streams that it was asked for.
 */
export const agentPort = (rendezvous: Pick<Rendezvous, 'awaits'>): PortRules => ({
  name: 'agents',
  // As many greetings as a hub has at once; a fleet behind one address comes in turns. In a storm dials of honest agents end
  // unproven too, for want of patience: 200 a second of them cost a tenth of a processor.
  newcomers: { total: 1000, perSender: 500, strikes: { burst: 2000, perSecond: 200 } },
  // Node's own. An agent ends its streams by half-close: what it resets are calls that hung, and all of them when it goes.
  resets: { burst: 1000, perSecond: 33 },
  newcomerStreamsAtOnce: 1,
  onSession: keepChannelBinding,
  judge: (headers, { isProven }) => {
    if (isCompressed(headers)) return { code: status.UNIMPLEMENTED, details: 'compressed messages are not taken here' };
    return isProven ? judgeLinked(headers, rendezvous) : judgeNewcomer(headers);
  },
});

const judgeNewcomer = ({ ':path': path }: IncomingHttpHeaders): Verdict =>
  path === AgentServiceService.stream.path
    ? 'admit'
    : { code: status.UNAUTHENTICATED, details: 'a connection begins with a hello' };

const judgeLinked = (headers: IncomingHttpHeaders, rendezvous: Pick<Rendezvous, 'awaits'>): Verdict => {
  switch (headers[':path']) {
    case rawAgentAttach.path:
      return rendezvous.awaits(claimOf((key) => textOf(headers[key]))) ? 'admit' : unasked;
    case AgentServiceService.stream.path:
      return { code: status.FAILED_PRECONDITION, details: 'a connection carries one link' };
    default:
      return { code: status.UNIMPLEMENTED, details: 'this method is not known here' };
  }
};

/** Also what a stream gets that came too late. */
export const unasked = { code: status.UNAUTHENTICATED, details: 'nobody waits for this stream (any more)' } as const;

/** What an agent shows with an attach stream. */
export const claimOf = (text: (key: string) => string): Claim => ({
  linkId: text(metadataKey.linkId),
  attachId: text(metadataKey.attachId),
  secret: Buffer.from(text(metadataKey.attachSecret), 'base64url'),
});

const isCompressed = ({ 'grpc-encoding': encoding }: IncomingHttpHeaders): boolean =>
  encoding !== undefined && encoding !== 'identity';

const textOf = (header: string | string[] | undefined): string => (typeof header === 'string' ? header : '');
