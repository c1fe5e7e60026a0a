import type { KeyObject } from 'node:crypto';
import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { signinBucket } from '@webxterm/contracts/bus';
import { type EntrySigner, openEntry, type SignedEntry, storedEntry } from '@webxterm/shared/bus';

/** Time limit of one call to the bucket, in ms. A request waits for it. */
const timeoutMs = 2000;
/** Lifetime of the marker of an ended sign-in, in seconds: far longer than any rebuild of the list. */
const deletionSeconds = 3600;
const subjectPrefix = `$KV.${signinBucket}.`;

/** JetStream's error codes for a write that another writer has preceded. */
const wrongLastSequence = new Set([10_071, 10_164]);

/** An entry with the revision that a later write can require. Revision 0: the key never had an entry. */
export interface ListedEntry {
  readonly revision: number;
  /** Undefined: no entry that auth signed for this key at the time when it was stored. */
  readonly signed: SignedEntry | undefined;
}

export interface WriteOptions {
  /** The write fails when the entry has another revision by now. */
  readonly expected?: number;
  /** The entry expires after this time. */
  readonly lifeSeconds?: number;
}

/** The bucket of the allow-list. Writes are signed, and they fail instead of overwriting what another writer has written. */
export class ListBucket {
  readonly #bus: NatsConnection;
  readonly #signer: EntrySigner;
  readonly #keys: readonly KeyObject[];
  #kv: Promise<KV> | undefined;

  constructor(bus: NatsConnection, signer: EntrySigner, keys: readonly KeyObject[]) {
    this.#bus = bus;
    this.#signer = signer;
    this.#keys = keys;
  }

  /** Opens the bucket again at the next read, in place of a call that waits for a lost connection. */
  reopen(): void {
    this.#kv = undefined;
  }

  async read(key: string): Promise<ListedEntry> {
    this.#kv ??= new Kvm(jetstream(this.#bus, { timeout: timeoutMs })).open(signinBucket);
    try {
      const entry = await (await this.#kv).get(key);
      if (entry === null) return { revision: 0, signed: undefined };
      const signed = entry.operation === 'PUT' ? openEntry(this.#keys, storedEntry(entry)) : undefined;
      return { revision: entry.revision, signed };
    } catch (error) {
      this.#kv = undefined;
      throw error;
    }
  }

  /** The keys with this prefix that have an entry, whichever client wrote it. */
  async keys(prefix: string): Promise<Set<string>> {
    const manager = await jetstreamManager(this.#bus, { timeout: timeoutMs, checkAPI: false });
    const filter = `${subjectPrefix}${prefix}>`;
    const { state } = await manager.streams.info(`KV_${signinBucket}`, { subjects_filter: filter });
    return new Set(Object.keys(state.subjects ?? {}).map((subject) => subject.slice(subjectPrefix.length)));
  }

  /**
   * The write is acknowledged when this resolves. `at`: the time of the entry for readers, in ms since 1970. @returns false when the
   * revision has changed
   */
  write(key: string, value: unknown, at: number, { expected, lifeSeconds }: WriteOptions = {}): Promise<boolean> {
    return this.#publish(key, this.#signer.sign(key, at, value), {
      ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
      ...(lifeSeconds === undefined ? {} : { ttl: `${lifeSeconds}s` }),
    });
  }

  /** Marks a sign-in as ended. The marker expires in an hour. @returns false when the revision has changed */
  end(key: string, at: number, expected: number): Promise<boolean> {
    return this.write(key, null, at, { expected, lifeSeconds: deletionSeconds });
  }

  /** Deletes a key that is not part of the list. */
  async remove(key: string): Promise<void> {
    const marked = headers();
    marked.set('KV-Operation', 'DEL');
    await this.#publish(key, '', { headers: marked, ttl: `${deletionSeconds}s` });
  }

  async #publish(
    key: string,
    payload: string,
    options: NonNullable<Parameters<ReturnType<typeof jetstream>['publish']>[2]>,
  ): Promise<boolean> {
    try {
      await jetstream(this.#bus, { timeout: timeoutMs }).publish(`${subjectPrefix}${key}`, payload, options);
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && wrongLastSequence.has(error.code)) return false;
      throw error;
    }
  }
}
