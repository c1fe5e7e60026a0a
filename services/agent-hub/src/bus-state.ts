import type { NatsConnection } from '@nats-io/transport-node';

/** Tracks whether NATS is connected, and calls listeners after each reconnect. */
export class BusState {
  readonly #reconnected = new Set<() => void>();
  #connected = true;

  constructor(bus: NatsConnection) {
    void this.#follow(bus);
  }

  get connected(): boolean {
    return this.#connected;
  }

  onReconnect(listener: () => void): void {
    this.#reconnected.add(listener);
  }

  async #follow(bus: NatsConnection): Promise<void> {
    for await (const status of bus.status()) {
      if (status.type === 'disconnect') this.#connected = false;
      if (status.type !== 'reconnect') continue;
      this.#connected = true;
      for (const listener of this.#reconnected) listener();
    }
  }
}
