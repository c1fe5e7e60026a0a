import { jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { auditStream, eventStream, presenceBucket, signinBucket } from '@webxterm/contracts/bus';

/** How long an expired key's marker stays: longer than any watcher needs to come back. */
const markerTtlMs = 10 * 60_000;
const dayMs = 24 * 3_600_000;

/**
 * Makes the buckets and streams that the services need; what is there stays. `init` runs it before the services start,
 * auth again after a reconnect, so that a NATS whose volume was lost heals.
 */
export const declareStreams = async (bus: NatsConnection, replicas = 1): Promise<void> => {
  const buckets = new Kvm(jetstream(bus));
  await buckets.create(signinBucket, { history: 1, storage: StorageType.File, replicas, markerTTL: markerTtlMs });
  await buckets.create(presenceBucket, { history: 1, storage: StorageType.File, replicas, markerTTL: markerTtlMs });
  const streams = await jetstreamManager(bus);
  for (const { stream, maxAgeMs } of [
    { stream: eventStream, maxAgeMs: 7 * dayMs },
    { stream: auditStream, maxAgeMs: 0 },
  ]) {
    await streams.streams.add({
      name: stream.name,
      subjects: [...stream.subjects],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      max_age: nanos(maxAgeMs),
      num_replicas: replicas,
      duplicate_window: nanos(2 * 60_000),
    });
  }
};
