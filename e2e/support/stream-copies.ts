import { z } from 'zod';

const Streams = z.looseObject({
  account_details: z
    .array(
      z.looseObject({
        stream_detail: z
          .array(
            z.looseObject({
              name: z.string(),
              cluster: z.looseObject({
                leader: z.string().default(''),
                replicas: z.array(z.looseObject({ name: z.string(), current: z.boolean() })).default([]),
              }),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

/** A stream of NATS, as one of its servers sees it: only the one that leads it knows how far the others are. */
export interface StreamCopies {
  readonly name: string;
  /** Name of its server; empty while there is none. */
  readonly leader: string;
  /** The other servers that hold it, and are not behind. */
  readonly current: readonly string[];
}

/** Reads it from the monitoring port of nats-server. */
export const streamsUrl = 'http://127.0.0.1:8222/jsz?streams=true&acc=$G';

/** @param said the answer to `streamsUrl` */
export const streamCopies = (said: string): StreamCopies[] =>
  Streams.parse(JSON.parse(said)).account_details.flatMap(({ stream_detail: streams }) =>
    streams.map(({ name, cluster }) => ({
      name,
      leader: cluster.leader,
      current: cluster.replicas.filter(({ current }) => current).map((replica) => replica.name),
    })),
  );
