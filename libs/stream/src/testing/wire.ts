/** Frames from the machine to the viewer. Offsets are absolute, as in the protocol. */
export type Down =
  | { type: 'accepted'; offset: number; liveFrom: number; applied: number; limit: number }
  | { type: 'output'; offset: number; bytes: Uint8Array }
  | { type: 'gap'; from: number; to: number }
  | { type: 'ack'; applied: number; limit: number }
  | { type: 'reset'; applied: number; limit: number };

/** Frames from the viewer to the machine. */
export type Up =
  | { type: 'input'; offset: number; reply: boolean; bytes: Uint8Array }
  | { type: 'limit'; acked: number; limit: number }
  | { type: 'visible'; visible: boolean };

/** The path of one attachment through the relays: a queue in each direction. */
export class Wire {
  readonly up: Up[] = [];
  readonly down: Down[] = [];
  /** The viewer has disconnected. Its frames may still arrive. */
  cut = false;

  /** Duplicates the oldest frame on its way. */
  repeat(side: 'up' | 'down'): void {
    if (side === 'up') this.up.splice(1, 0, ...this.up.slice(0, 1));
    else this.down.splice(1, 0, ...this.down.slice(0, 1));
  }

  /** Swaps the two oldest frames on their way. `accepted` stays the first frame of an attachment. */
  swap(side: 'up' | 'down'): void {
    if (side === 'up') this.up.unshift(...this.up.splice(0, 2).toReversed());
    else if (this.down[0]?.type !== 'accepted') this.down.unshift(...this.down.splice(0, 2).toReversed());
  }
}
