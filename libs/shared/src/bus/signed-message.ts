import { randomBytes } from 'node:crypto';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { signedMessageHeader } from '@webxterm/contracts/bus';
import type { TextSigner, TextVerifier } from './message-keys.ts';

/** A received message. */
export interface ReceivedMessage {
  readonly subject: string;
  readonly payload: string;
  /** Value of the header `Webxterm-Signed`, empty if absent. */
  readonly signed: string;
  /** When the stream stored it or, without a stream, when it arrived, in ms since 1970. */
  readonly at: number;
}

/** The time and id in the header of a signed message. */
export interface Seal {
  /** Time of the signature, in ms since 1970. */
  readonly at: number;
  /** Unique per signed message. */
  readonly id: string;
}

export type Authenticity =
  | { readonly kind: 'genuine'; readonly seal: Seal }
  /** The message has no signature. */
  | { readonly kind: 'unsigned' }
  /** The signature is not by the owner of the key, or not for this subject, time, id or payload. */
  | { readonly kind: 'forged' }
  /** The time of the signature differs too much from that of the arrival: a client has the server publish old bytes again. */
  | { readonly kind: 'late' };

/** The largest difference between the times of signature and arrival, in ms, in either direction. The clocks must agree within this. */
export const signedWithinMs = 30_000;

const headerPattern = /^1 (\d{1,16}) ([A-Za-z0-9_-]{22}) ([A-Za-z0-9_-]{43,86})$/;

const signedText = (subject: string, at: string, id: string, payload: string): string =>
  `webxterm message v1\n${subject}\n${at}\n${id}\n${payload}`;

/** The headers that make `payload` genuine on `subject`, valid from now for `signedWithinMs`. */
export const sealMessage = (signer: TextSigner, subject: string, payload: string, now: number): MsgHdrs => {
  const at = String(Math.floor(now));
  const id = randomBytes(16).toString('base64url');
  const sealed = headers();
  sealed.set(signedMessageHeader, `1 ${at} ${id} ${signer.signText(signedText(subject, at, id, payload))}`);
  return sealed;
};

/**
 * The id for the stream's deduplication (`Nats-Msg-Id`) of a message that is signed anew for each attempt. An attempt that the client
 * buffered while NATS was unavailable may be stored too late to count. An attempt 15 s later has a different id, so it is not dropped as a
 * duplicate.
 */
export const tryId = (id: string, now: number): string => `${id}.${Math.floor(now / (signedWithinMs / 2))}`;

/** `anyAge`: skips the check of the signature's time. */
export const authenticityOf = (verifier: TextVerifier, message: ReceivedMessage, anyAge = false): Authenticity => {
  if (message.signed === '') return { kind: 'unsigned' };
  const [, at = '', id = '', signature = ''] = headerPattern.exec(message.signed) ?? [];
  if (signature === '' || !verifier.isSignedText(signedText(message.subject, at, id, message.payload), signature))
    return { kind: 'forged' };
  const seal = { at: Number(at), id };
  return !anyAge && Math.abs(message.at - seal.at) > signedWithinMs ? { kind: 'late' } : { kind: 'genuine', seal };
};
