import { randomBytes } from 'node:crypto';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { signedMessageHeader } from '@webxterm/contracts/bus';
import type { TextSigner, TextVerifier } from './message-keys.ts';

/** A message as a reader gets it. */
export interface ReceivedMessage {
  readonly subject: string;
  readonly payload: string;
  /** Value of the header `Webxterm-Signed`; empty where there is none. */
  readonly signed: string;
  /** When the stream stored it, or, without a stream, when it arrived: ms since 1970. */
  readonly at: number;
}

/** What the header says of a message. */
export interface Seal {
  /** When it was signed, ms since 1970. */
  readonly at: number;
  /** Unique for each message that was signed. */
  readonly id: string;
}

export type Authenticity =
  | { readonly kind: 'genuine'; readonly seal: Seal }
  /** It has no signature. */
  | { readonly kind: 'unsigned' }
  /** The signature is not of the owner of the key, or is of another subject, time, id or payload. */
  | { readonly kind: 'forged' }
  /** It was signed too long before it came, or after it: somebody has the server publish old bytes again. */
  | { readonly kind: 'late' };

/** A message counts when it came within this of its signature's time, either way. The clocks must agree to that. */
export const signedWithinMs = 30_000;

const headerPattern = /^1 (\d{1,16}) ([A-Za-z0-9_-]{22}) ([A-Za-z0-9_-]{43,86})$/;

const signedText = (subject: string, at: string, id: string, payload: string): string =>
  `webxterm message v1\n${subject}\n${at}\n${id}\n${payload}`;

/** The headers under which `payload` is genuine on `subject`, from now on for `signedWithinMs`. */
export const sealMessage = (signer: TextSigner, subject: string, payload: string, now: number): MsgHdrs => {
  const at = String(Math.floor(now));
  const id = randomBytes(16).toString('base64url');
  const sealed = headers();
  sealed.set(signedMessageHeader, `1 ${at} ${id} ${signer.signText(signedText(subject, at, id, payload))}`);
  return sealed;
};

/**
 * The id by which a stream drops what is published again (`Nats-Msg-Id`), for a message that is sealed anew at each try. A try that
 * the client kept while NATS was away may be stored too late to count: a try 15 s after it must not be dropped for it.
 */
export const tryId = (id: string, now: number): string => `${id}.${Math.floor(now / (signedWithinMs / 2))}`;

/** `anyAge`: it is not asked when it was signed. */
export const authenticityOf = (verifier: TextVerifier, message: ReceivedMessage, anyAge = false): Authenticity => {
  if (message.signed === '') return { kind: 'unsigned' };
  const [, at = '', id = '', signature = ''] = headerPattern.exec(message.signed) ?? [];
  if (signature === '' || !verifier.isSignedText(signedText(message.subject, at, id, message.payload), signature))
    return { kind: 'forged' };
  const seal = { at: Number(at), id };
  return !anyAge && Math.abs(message.at - seal.at) > signedWithinMs ? { kind: 'late' } : { kind: 'genuine', seal };
};
