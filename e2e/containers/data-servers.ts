import { setTimeout as passed } from 'node:timers/promises';
import { z } from 'zod';
import { streamCopies, streamsUrl } from '../support/stream-copies.ts';
import type { Compose } from './compose.ts';

/** Services of docker-compose.ha.yml. */
const mongos = ['mongo', 'mongo-2', 'mongo-3'];
const natses = ['nats', 'nats-2', 'nats-3'];
const wholeWithinMs = 180_000;

const Hello = z.looseObject({ isWritablePrimary: z.boolean(), secondary: z.boolean() });
const Monitor = z.looseObject({ meta_cluster: z.looseObject({ leader: z.string().optional() }) });

/** Services. */
export interface Leaders {
  /** Takes MongoDB's writes. */
  readonly primary: string;
  /** Leads NATS's JetStream. */
  readonly leader: string;
}

/** Three of MongoDB and three of NATS, as they see themselves. */
export class DataServers {
  readonly #compose: Compose;

  constructor(compose: Compose) {
    this.#compose = compose;
  }

  /** Resolves when each has all that there is: then any one of them may be lost. */
  async whole(): Promise<Leaders> {
    const deadline = performance.now() + wholeWithinMs;
    for (;;) {
      const seen = await this.#look().catch((error: unknown) => String(error));
      if (typeof seen !== 'string') return seen;
      if (performance.now() > deadline) throw new Error(`after ${wholeWithinMs / 1000} s: ${seen}`);
      await passed(250);
    }
  }

  /** @returns what is missing, if anything is */
  async #look(): Promise<Leaders | string> {
    let primary: string | undefined;
    for (const service of mongos) {
      const { isWritablePrimary, secondary } = await this.#hello(service);
      if (isWritablePrimary) primary = service;
      else if (!secondary) return `${service} has no copy of the data`;
    }
    if (primary === undefined) return 'MongoDB has no primary';
    const { leader } = Monitor.parse(JSON.parse(await this.#nats('nats', 'http://127.0.0.1:8222/jsz'))).meta_cluster;
    if (leader === undefined) return 'JetStream has no leader';
    return (await this.#streamBehind()) ?? { primary, leader };
  }

  /** A stream that has no leader, or one that knows of a copy that is behind: nobody else knows. */
  async #streamBehind(): Promise<string | undefined> {
    const reported = await Promise.all(
      natses.map(async (service) => {
        const streams = streamCopies(await this.#nats(service, streamsUrl));
        return streams.map(({ name, leader, current }) => ({
          name,
          whole: leader === service && current.length === natses.length - 1,
        }));
      }),
    );
    const seen = reported.flat();
    if (seen.length === 0) return 'NATS has no streams';
    const behind = seen.find(({ name }) => !seen.some((other) => other.name === name && other.whole));
    return behind === undefined ? undefined : `not every server of NATS has ${behind.name}`;
  }

  async #hello(service: string): Promise<z.output<typeof Hello>> {
    const program = 'print(JSON.stringify(db.hello()))';
    return Hello.parse(
      JSON.parse(await this.#compose.inside(service, 'mongosh', '--quiet', '--norc', '--eval', program)),
    );
  }

  #nats(service: string, url: string): Promise<string> {
    return this.#compose.inside(service, 'wget', '-q', '-O', '-', url);
  }
}
