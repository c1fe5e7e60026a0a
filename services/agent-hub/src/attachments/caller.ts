import { timingSafeEqual } from 'node:crypto';
import { certificateName } from '@webxterm/contracts/grpc';

export interface CallerRule {
  /** What the terminal service must present. */
  readonly hubToken: string;
  /** The port speaks TLS and has verified a certificate: it must be the terminal service's own. */
  readonly certificateNeeded: boolean;
}

/** What a caller on the internal port shows: a header, and the names in its verified certificate. */
export interface Caller {
  readonly token: string | string[] | undefined;
  readonly names: readonly string[];
}

/** Whether a call on the internal port comes from the terminal service. */
export const isTerminal = ({ token, names }: Caller, { hubToken, certificateNeeded }: CallerRule): boolean =>
  hasToken(token, hubToken) && (!certificateNeeded || names.includes(`DNS:${certificateName.terminal}`));

const hasToken = (token: string | string[] | undefined, expected: string): boolean => {
  const given = Buffer.from(typeof token === 'string' ? token : '');
  const wanted = Buffer.from(expected);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};
