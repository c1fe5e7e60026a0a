/** What travels down: offsets are absolute, as on the wire. */
export type Down =
  | { type: 'accepted'; offset: number; liveFrom: number; applied: number; limit: number }
  | { type: 'output'; offset: number; bytes: Uint8Array }
  | { type: 'gap'; from: number; to: number }
  | { type: 'ack'; applied: number; limit: number }
  | { type: 'reset'; applied: number; limit: number };

/** What travels up. */
export type Up =
  | { type: 'input'; offset: number; reply: boolean; bytes: Uint8Array }
  | { type: 'limit'; acked: number; limit: number }
  | { type: 'visible'; visible: boolean };

/** One attachment's way through the relays: two queues, which end alike but not at once. */
export class Wire {
  readonly up: Up[] = [];
  readonly down: Down[] = [];
  /** The viewer's side is gone; what it sent may still arrive. */
  cut = false;

  /** Repeats the oldest frame on its way. */
  repeat(side: 'up' | 'down'): void {
    if (side === 'up') this.up.splice(1, 0, ...this.up.slice(0, 1));
    else this.down.splice(1, 0, ...this.down.slice(0, 1));
  }

  /** Swaps the two oldest frames on their way; the first word of an attachment stays the first. */
  swap(side: 'up' | 'down'): void {
    if (side === 'up') this.up.unshift(...this.up.splice(0, 2).toReversed());
    else if (this.down[0]?.type !== 'accepted') this.down.unshift(...this.down.splice(0, 2).toReversed());
  }
}
