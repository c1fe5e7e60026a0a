import { timingSafeEqual } from 'node:crypto';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { certificateName, metadataKey } from '@webxterm/contracts/grpc';

export interface CallerRule {
  /** What the terminal service must present. */
  readonly hubToken: string;
  /** The port speaks TLS and has verified a certificate: it must be the terminal service's own. */
  readonly certificateNeeded: boolean;
}

type Call = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getAuthContext'>;

/** Whether a call on the internal port comes from the terminal service. */
export const isTerminal = (call: Call, { hubToken, certificateNeeded }: CallerRule): boolean =>
  hasToken(call, hubToken) && (!certificateNeeded || namesOf(call).includes(`DNS:${certificateName.terminal}`));

const namesOf = (call: Call): string[] => call.getAuthContext().sslPeerCertificate?.subjectaltname?.split(', ') ?? [];

const hasToken = ({ metadata }: Call, token: string): boolean => {
  const given = Buffer.from(String(metadata.get(metadataKey.hubToken)[0] ?? ''));
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};
