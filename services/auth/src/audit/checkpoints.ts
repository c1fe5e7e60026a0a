import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { AuditCheckpoint, checkpointSubject } from '@webxterm/contracts/bus';
import { type Logger, reasonOf, type Shutdown } from '@webxterm/shared';
import { sealMessage, type TextSigner, tryId } from '@webxterm/shared/bus';
import type { ChainStore } from './chain-store.ts';

const everyMs = 60_000;
const everyRows = 1000;
const publishTimeoutMs = 2000;

export interface CheckpointsOptions {
  readonly bus: NatsConnection;
  readonly chain: Pick<ChainStore, 'head'>;
  readonly signer: TextSigner;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** Publishes the head of the chain to places that an attacker who shortens the chain cannot change: stdout and an append-only stream. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #now: () => number;
  #publishedSeq = 0;
  #rowsSincePublished = 0;
  #publishing: Promise<void> | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  start(shutdown: Shutdown): void {
    const timer = setInterval(() => void this.publish(), everyMs);
    shutdown.add('work', 'audit checkpoint', async () => {
      clearInterval(timer);
      await this.publish();
    });
  }

  /** Reports new rows. */
  written(count: number): void {
    this.#rowsSincePublished += count;
    if (this.#rowsSincePublished >= everyRows) void this.publish();
  }

  /** Publishes a checkpoint. Never throws: the next checkpoint covers a failed one. */
  publish(): Promise<void> {
    this.#publishing ??= this.#publish().finally(() => {
      this.#publishing = undefined;
    });
    return this.#publishing;
  }

  async #publish(): Promise<void> {
    try {
      const { seq, mac } = await this.#options.chain.head();
      this.#rowsSincePublished = 0;
      if (seq <= this.#publishedSeq) return;
      const checkpoint: AuditCheckpoint = { v: 1, seq, mac, at: new Date(this.#now()).toISOString() };
      this.#options.logger.info({ audit_checkpoint: checkpoint }, 'audit checkpoint');
      const payload = JSON.stringify(AuditCheckpoint.parse(checkpoint));
      await jetstream(this.#options.bus, { timeout: publishTimeoutMs }).publish(checkpointSubject, payload, {
        msgID: tryId(`checkpoint ${seq}`, this.#now()),
        headers: sealMessage(this.#options.signer, checkpointSubject, payload, this.#now()),
      });
      this.#publishedSeq = seq;
    } catch (error) {
      const reason = reasonOf(error);
      this.#options.logger.warn({ reason }, 'an audit checkpoint could not be published, retrying');
    }
  }
}
