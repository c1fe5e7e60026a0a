import { type Rate, TokenBucket } from './token-bucket.ts';

export interface NewcomerBounds {
  /** Connections that have not proved who they are, all together. */
  readonly total: number;
  /** The same of one sender: an IPv4 address or an IPv6 /64. */
  readonly perSender: number;
  /** Strikes that one sender may collect; without room for another one it is not let in. */
  readonly strikes: Rate;
}

interface Sender {
  connections: number;
  readonly strikes: TokenBucket;
}

/** Counts the connections that have not proved who they are, and what their senders did before. */
export class Newcomers {
  readonly #bounds: NewcomerBounds;
  readonly #senders = new Map<string, Sender>();
  #total = 0;

  constructor(bounds: NewcomerBounds) {
    this.#bounds = bounds;
  }

  get total(): number {
    return this.#total;
  }

  /** Of whom something is remembered. */
  get senders(): number {
    return this.#senders.size;
  }

  /** @returns why there is no room for another connection of this sender; undefined when it was counted */
  admit(sender: string, now: number): 'total' | 'sender' | 'strikes' | undefined {
    const { total, perSender, strikes } = this.#bounds;
    if (this.#total >= total) return 'total';
    const known = this.#senders.get(sender) ?? { connections: 0, strikes: new TokenBucket(strikes, now) };
    if (known.connections >= perSender) return 'sender';
    if (known.strikes.isEmpty(now)) return 'strikes';
    known.connections += 1;
    this.#total += 1;
    this.#senders.set(sender, known);
    return undefined;
  }

  /** The connection proved who it is, or has ended. */
  leave(sender: string): void {
    const known = this.#senders.get(sender);
    if (known === undefined) return;
    known.connections -= 1;
    this.#total -= 1;
  }

  strike(sender: string, weight: number, now: number): void {
    this.#senders.get(sender)?.strikes.take(weight, now);
  }

  /** Drops the senders of whom there is nothing to remember. */
  forget(now: number): void {
    for (const [sender, { connections, strikes }] of this.#senders)
      if (connections === 0 && strikes.isFull(now)) this.#senders.delete(sender);
  }
}
