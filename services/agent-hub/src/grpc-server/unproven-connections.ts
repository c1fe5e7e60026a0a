import { type Rate, TokenBucket } from '@webxterm/shared';

export interface UnprovenBounds {
  /** Limit of unproven connections in total. */
  readonly total: number;
  /** Limit of unproven connections per sender, which is an IPv4 address or an IPv6 /64. */
  readonly perSender: number;
  /** Strikes that one sender may collect. At the limit its connections are refused. */
  readonly strikes: Rate;
}

interface Sender {
  connections: number;
  readonly strikes: TokenBucket;
}

/** Counts unproven connections, and the strikes of their senders. */
export class UnprovenConnections {
  readonly #bounds: UnprovenBounds;
  readonly #senders = new Map<string, Sender>();
  #total = 0;

  constructor(bounds: UnprovenBounds) {
    this.#bounds = bounds;
  }

  get total(): number {
    return this.#total;
  }

  /** Senders with a connection or a strike. */
  get senders(): number {
    return this.#senders.size;
  }

  /** Counts a connection of this sender. @returns the limit that refused it, or undefined */
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

  /** Call it when a connection is proven or has ended. */
  leave(sender: string): void {
    const known = this.#senders.get(sender);
    if (known === undefined) return;
    known.connections -= 1;
    this.#total -= 1;
  }

  strike(sender: string, weight: number, now: number): void {
    this.#senders.get(sender)?.strikes.take(weight, now);
  }

  /** Removes senders without connections and strikes. */
  forget(now: number): void {
    for (const [sender, { connections, strikes }] of this.#senders)
      if (connections === 0 && strikes.isFull(now)) this.#senders.delete(sender);
  }
}
