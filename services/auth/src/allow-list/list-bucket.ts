import { JetStreamApiError, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { signinBucket } from '@webxterm/contracts/bus';
import { entryValue } from '@webxterm/shared';

/** How long one call to the bucket may take: a request waits for it. */
const timeoutMs = 2000;
/** How long the mark of a deletion stays: far longer than any rebuild of the list takes. */
const deletionSeconds = 3600;

/** JetStream's codes for: somebody else has written meanwhile. */
const wrongLastSequence = new Set([10_071, 10_164]);
/** An entry with the revision that a later write can insist on. Revision 0: there was never one. */
export interface ListedValue {
  readonly revision: number;
  /** Undefined: not there, or deleted. Null: what is no JSON. */
  readonly value: unknown;
}

/** The bucket of the allow-list, with writes that fail rather than overwrite what somebody else has written. */
export class ListBucket {
  readonly #bus: NatsConnection;
  #kv: Promise<KV> | undefined;

  constructor(bus: NatsConnection) {
    this.#bus = bus;
  }

  async read(key: string): Promise<ListedValue> {
    this.#kv ??= new Kvm(jetstream(this.#bus, { timeout: timeoutMs })).open(signinBucket);
    try {
      const entry = await (await this.#kv).get(key);
      if (entry === null) return { revision: 0, value: undefined };
      return { revision: entry.revision, value: entryValue(entry) };
    } catch (error) {
      this.#kv = undefined;
      throw error;
    }
  }

  /** Acked when it returns. `lifeSeconds`: it goes by itself then. @returns false when the revision is another by now */
  write(key: string, value: unknown, expected?: number, lifeSeconds?: number): Promise<boolean> {
    return this.#publish(key, JSON.stringify(value), {
      ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
      ...(lifeSeconds === undefined ? {} : { ttl: `${lifeSeconds}s` }),
    });
  }

  /** Acked when it returns. @returns false when the revision is another by now */
  remove(key: string, expected: number): Promise<boolean> {
    const marked = headers();
    marked.set('KV-Operation', 'DEL');
    return this.#publish(key, '', {
      headers: marked,
      expect: { lastSubjectSequence: expected },
      ttl: `${deletionSeconds}s`,
    });
  }

  async #publish(
    key: string,
    payload: string,
    options: NonNullable<Parameters<ReturnType<typeof jetstream>['publish']>[2]>,
  ): Promise<boolean> {
    try {
      await jetstream(this.#bus, { timeout: timeoutMs }).publish(`$KV.${signinBucket}.${key}`, payload, options);
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && wrongLastSequence.has(error.code)) return false;
      throw error;
    }
  }
}
