import type { JsMsg } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { signedMessageHeader } from '@webxterm/contracts/bus';
import { parseJson } from '@webxterm/contracts/json';
import type { z } from 'zod';
import type { TextVerifier } from './message-keys.ts';
import type { Refusals } from './refusals.ts';
import { authenticityOf, type ReceivedMessage, type Seal, signedWithinMs } from './signed-message.ts';

export interface MessageReaderOptions<S extends z.ZodType> {
  /** The subject that is read, with its wildcards. */
  readonly channel: string;
  readonly schema: S;
  readonly verifier: TextVerifier;
  /**
   * Messages without a signature count when they came before this, ms since 1970: services of the version before signed none. See
   * unsignedUntil.
   */
  readonly unsignedUntil: number;
  readonly refusals: Refusals;
  /**
   * A message counts however old it is, and more than once: for facts that stay true. The client keeps what is published while NATS
   * is away and sends it later.
   */
  readonly anyAge?: boolean;
  readonly now?: () => number;
}

/** Reads one kind of message. Whatever is not genuine, comes twice or cannot be read is skipped and counted. Never throws. */
export class MessageReader<S extends z.ZodType> {
  readonly #options: MessageReaderOptions<S>;
  readonly #now: () => number;
  /** Ids of the messages of the last minute, with their place: the same place again is a redelivery. */
  readonly #seen = new Map<string, { readonly place: string; readonly at: number }>();

  constructor(options: MessageReaderOptions<S>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** A message of a stream. */
  stored(message: JsMsg): z.output<S> | undefined {
    const { subject, headers, seq, info } = message;
    const received = { subject, payload: message.string(), signed: headers?.get(signedMessageHeader) ?? '' };
    return this.#read({ ...received, at: info.timestampNanos / 1_000_000 }, String(seq));
  }

  /** A message that no stream keeps. */
  live(message: Msg): z.output<S> | undefined {
    const { subject, headers } = message;
    const received = { subject, payload: message.string(), signed: headers?.get(signedMessageHeader) ?? '' };
    return this.#read({ ...received, at: this.#now() }, undefined);
  }

  #read(message: ReceivedMessage, place: string | undefined): z.output<S> | undefined {
    const { channel, schema, verifier, refusals, unsignedUntil, anyAge = false } = this.#options;
    // One key signs several subjects, and the server can be made to deliver a message of one where another is read.
    const authenticity = isOn(channel, message.subject)
      ? authenticityOf(verifier, message, anyAge)
      : ({ kind: 'forged' } as const);
    const isOfVersionBefore = authenticity.kind === 'unsigned' && message.at < unsignedUntil;
    if (authenticity.kind !== 'genuine' && !isOfVersionBefore) {
      refusals.add(channel, authenticity.kind);
      return undefined;
    }
    if (authenticity.kind === 'genuine' && !anyAge && !this.#isFirst(authenticity.seal, place)) {
      refusals.add(channel, 'copied');
      return undefined;
    }
    const parsed = schema.safeParse(bodyOf(message.payload));
    if (!parsed.success) refusals.add(channel, 'unreadable');
    return parsed.data;
  }

  #isFirst({ id }: Seal, place = ''): boolean {
    const now = this.#now();
    // The oldest come first: what is later than this is refused by its time.
    for (const [known, { at }] of this.#seen) {
      if (now - at <= 2 * signedWithinMs) break;
      this.#seen.delete(known);
    }
    const known = this.#seen.get(id);
    if (known !== undefined) return place !== '' && known.place === place;
    this.#seen.set(id, { place, at: now });
    return true;
  }
}

/** `channel`: with `*` for one token each. */
const isOn = (channel: string, subject: string): boolean => {
  const tokens = subject.split('.');
  const wanted = channel.split('.');
  return wanted.length === tokens.length && wanted.every((token, at) => token === '*' || token === tokens[at]);
};

/** Some messages have an envelope, others are the body itself. */
const bodyOf = (payload: string): unknown => {
  const value = parseJson(payload);
  return typeof value === 'object' && value !== null && 'body' in value ? value.body : value;
};
