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

/** How long the marker of an expired key stays: longer than any watcher needs to reconnect. */
const markerTtlMs = 10 * 60_000;
const dayMs = 24 * 3_600_000;

const notFoundCode = 10_059;

/** The names of the streams and of the buckets' streams that the services need. */
const streamNames = [
  `KV_${signinBucket}`,
  `KV_${presenceBucket}`,
  eventStream.name,
  auditStream.name,
  checkpointStream.name,
] as const;

/** The names of the streams that NATS does not have. @throws when NATS does not answer within `timeoutMs` */
export const missingStreams = async (bus: NatsConnection, timeoutMs: number): Promise<string[]> => {
  const { streams } = await jetstreamManager(bus, { checkAPI: false, timeout: timeoutMs });
  const isMissing = async (name: string): Promise<boolean> => {
    try {
      await streams.info(name);
      return false;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === notFoundCode) return true;
      throw error;
    }
  };
  const found = await Promise.all(streamNames.map(async (name) => ((await isMissing(name)) ? [name] : [])));
  return found.flat();
};

/**
 * Creates the missing buckets and streams of the services; existing ones stay. `init` runs it before the services start. Auth runs it again
 * when one of them is missing, such as after the loss of a volume.
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
    // A full stream rejects new events, which then wait at their service. A new event never replaces an old one.
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

/** Recreates a stream of an earlier version that never held a message, because its retention cannot be changed. */
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
