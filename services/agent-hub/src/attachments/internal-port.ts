import type { ServerHttp2Session } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { metadataKey } from '@webxterm/contracts/grpc';
import type { PortRules } from '../grpc-server/guarded-port.ts';
import { type CallerRule, isTerminal } from './caller.ts';

const notTerminal = {
  code: status.UNAUTHENTICATED,
  details: 'the hub token or the certificate is missing or not that of the terminal service',
};

/** Rules of the port that the terminal service dials. Each stream carries the hub token. With TLS the connection also needs its certificate. */
export const internalPort = (rule: CallerRule): PortRules => {
  const namesBySession = new WeakMap<ServerHttp2Session, readonly string[]>();
  return {
    name: 'internal',
    unproven: { total: 64, perSender: 64, strikes: { burst: 2000, perSecond: 200 } },
    // When a terminal service stops, it resets thousands of streams at once. Node's own limit would close the connection and all its
    // terminals. This limit applies only to a peer that has proved to be the terminal service.
    resets: { burst: 100_000, perSecond: 10_000 },
    unprovenStreamsAtOnce: 4096,
    onSession: (session) => void namesBySession.set(session, certifiedNames(session)),
    judge: (headers, _connection, session) => {
      const caller = { token: headers[metadataKey.hubToken], names: namesBySession.get(session) ?? [] };
      return isTerminal(caller, rule) ? 'prove' : notTerminal;
    },
  };
};

/** The names in the peer's certificate, if the CA of this installation issued it. */
const certifiedNames = ({ socket }: ServerHttp2Session): readonly string[] =>
  socket instanceof TLSSocket && socket.authorized
    ? (socket.getPeerCertificate().subjectaltname?.split(', ') ?? [])
    : [];
