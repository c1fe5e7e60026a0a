import { jetstream } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { HubLease, hubKey, hubLeaseMs, hubLeaseRenewMs, presenceBucket } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { openBucket } from '@webxterm/shared/bus';

/**
 * The lease that shows that this hub process is alive. There is one per process, not per agent, so idle agents cost no writes.
 * A renewal is a publish with a `Nats-TTL` header, since put and update of the KV client have none.
 */
export class Lease {
  readonly #bus: NatsConnection;
  readonly #logger: Logger;
  readonly #lease: HubLease;
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: NatsConnection, logger: Logger, lease: HubLease) {
    this.#bus = bus;
    this.#logger = logger;
    this.#lease = HubLease.parse(lease);
  }

  /** Resolves after the first attempt to write the lease. Each renewal tries again. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.renew(), hubLeaseRenewMs);
    await this.renew();
  }

  async renew(): Promise<void> {
    const ttl = headers();
    ttl.set('Nats-TTL', `${hubLeaseMs / 1000}s`);
    const subject = `$KV.${presenceBucket}.${hubKey(this.#lease.hub_id)}`;
    try {
      await jetstream(this.#bus).publish(subject, JSON.stringify(this.#lease), { headers: ttl, timeout: 2000 });
    } catch (error) {
      this.#logger.warn({ err: error }, 'lease could not be renewed, retrying');
    }
  }

  /** Ends the lease at once. The entries of this hub's agents stay valid for a grace period, until the agents link to another hub. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    const bucket = await openBucket(this.#bus, presenceBucket);
    await bucket.delete(hubKey(this.#lease.hub_id));
  }
}
