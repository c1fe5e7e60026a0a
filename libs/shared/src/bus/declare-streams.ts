import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import {
  auditStream,
  auditStreamBytes,
  checkpointStream,
  checkpointStreamBytes,
  eventStream,
  presenceBucket,
  signinBucket,
} from '@webxterm/contracts/bus';

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
  const common = {
    storage: StorageType.File,
    num_replicas: replicas,
    duplicate_window: nanos(2 * 60_000),
  };
  await declare(streams, {
    ...common,
    name: eventStream.name,
    subjects: [...eventStream.subjects],
    retention: RetentionPolicy.Limits,
    max_age: nanos(7 * dayMs),
  });
  await declare(streams, {
    ...common,
    name: auditStream.name,
    subjects: [...auditStream.subjects],
    retention: RetentionPolicy.Workqueue,
    // A full stream refuses, and the event waits at its service: never does a new one push an old one out.
    discard: DiscardPolicy.New,
    max_bytes: auditStreamBytes,
  });
  await declare(streams, {
    ...common,
    name: checkpointStream.name,
    subjects: [...checkpointStream.subjects],
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_bytes: checkpointStreamBytes,
    max_age: nanos(2 * 365 * dayMs),
    deny_delete: true,
    deny_purge: true,
  });
};

type Declared = Partial<StreamConfig> & { readonly name: string };

const differsCode = 10_058;

/** A stream of an earlier version that never held anything is made anew, for its kind cannot be changed. */
const declare = async (streams: JetStreamManager, config: Declared): Promise<void> => {
  try {
    await streams.streams.add(config);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== differsCode) throw error;
    const { state } = await streams.streams.info(config.name);
    if (state.last_seq > 0) throw error;
    await streams.streams.delete(config.name);
    await streams.streams.add(config);
  }
};
