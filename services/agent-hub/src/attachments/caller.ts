import { timingSafeEqual } from 'node:crypto';
import { certificateName } from '@webxterm/contracts/grpc';

export interface CallerRule {
  /** The token that the terminal service must send. */
  readonly hubToken: string;
  /** With TLS the verified client certificate must be that of the terminal service. */
  readonly certificateNeeded: boolean;
}

/** The credentials of a caller on the internal port: the token header, and the names in its verified certificate. */
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
