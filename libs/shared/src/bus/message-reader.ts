import type { JsMsg } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { signedMessageHeader } from '@webxterm/contracts/bus';
import { parseJson } from '@webxterm/contracts/json';
import type { z } from 'zod';
import type { TextVerifier } from './message-keys.ts';
import type { Refusals } from './refusals.ts';
import { authenticityOf, type ReceivedMessage, type Seal, signedWithinMs } from './signed-message.ts';

export interface MessageReaderOptions<S extends z.ZodType> {
  /** The subject to read, with its wildcards. */
  readonly channel: string;
  readonly schema: S;
  readonly verifier: TextVerifier;
  /**
   * Unsigned messages are accepted if they arrived before this time, in ms since 1970, because services of the previous version do not
   * sign. See unsignedUntil.
   */
  readonly unsignedUntil: number;
  readonly refusals: Refusals;
  /**
   * Accepts a message at any age and more than once, for facts that stay true. The client buffers messages while NATS is unavailable and
   * sends them later.
   */
  readonly anyAge?: boolean;
  readonly now?: () => number;
}

/** Reads one kind of message. It skips and counts messages that are not authentic, duplicated or malformed. Never throws. */
export class MessageReader<S extends z.ZodType> {
  readonly #options: MessageReaderOptions<S>;
  readonly #now: () => number;
  /** The ids of the messages of the last minute, with their stream sequence. The same id at the same sequence is a redelivery. */
  readonly #seen = new Map<string, { readonly place: string; readonly at: number }>();

  constructor(options: MessageReaderOptions<S>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Reads a message of a stream. */
  stored(message: JsMsg): z.output<S> | undefined {
    const { subject, headers, seq, info } = message;
    const received = { subject, payload: message.string(), signed: headers?.get(signedMessageHeader) ?? '' };
    return this.#read({ ...received, at: info.timestampNanos / 1_000_000 }, String(seq));
  }

  /** Reads a message that is not stored in a stream. */
  live(message: Msg): z.output<S> | undefined {
    const { subject, headers } = message;
    const received = { subject, payload: message.string(), signed: headers?.get(signedMessageHeader) ?? '' };
    return this.#read({ ...received, at: this.#now() }, undefined);
  }

  #read(message: ReceivedMessage, place: string | undefined): z.output<S> | undefined {
    const { channel, schema, verifier, refusals, unsignedUntil, anyAge = false } = this.#options;
    // One key signs several subjects, and the server can be made to deliver a message of one subject on another.
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
    // The oldest entries come first. A repeat of an expired entry is rejected by its time.
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

/** `channel`: each `*` matches one token. */
const isOn = (channel: string, subject: string): boolean => {
  const tokens = subject.split('.');
  const wanted = channel.split('.');
  return wanted.length === tokens.length && wanted.every((token, at) => token === '*' || token === tokens[at]);
};

/** The body of a message. Some messages have an envelope, others are the body itself. */
const bodyOf = (payload: string): unknown => {
  const value = parseJson(payload);
  return typeof value === 'object' && value !== null && 'body' in value ? value.body : value;
};
