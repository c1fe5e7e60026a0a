import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { authEvents } from '@webxterm/contracts/bus';
import { AppError, type Logger, PeriodicTask, reasonOf } from '@webxterm/shared';
import { type ClockWatch, sealMessage, type TextSigner, tryId } from '@webxterm/shared/bus';
import type { ListKeeper } from '../allow-list/list-keeper.ts';
import type { Outbox, Owed } from './outbox.ts';

export interface OutboxWorkerOptions {
  readonly bus: NatsConnection;
  readonly outbox: Outbox;
  readonly signer: TextSigner;
  readonly list: Pick<ListKeeper, 'sync' | 'isUp'>;
  readonly clock: Pick<ClockWatch, 'fault' | 'measure' | 'require'>;
  readonly logger: Logger;
  readonly now?: () => number;
}

const everyMs = 1000;
/** The time in ms during which the request itself works on its rows, so that the worker skips them. */
const youngMs = 3000;
const batchSize = 100;
const publishTimeoutMs = 2000;

/** Does the work on the bus that committed changes require: at once for the request that made them, and repeatedly until it succeeds. */
export class OutboxWorker {
  readonly #options: OutboxWorkerOptions;
  readonly #now: () => number;
  readonly #catchingUp = new PeriodicTask(everyMs, () => this.#catchUp());

  constructor(options: OutboxWorkerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  start(): void {
    this.#catchingUp.start();
  }

  stop(): Promise<void> {
    return this.#catchingUp.stop();
  }

  /** @throws AppError unavailable when some work is still pending, which is done later */
  settle(owed: readonly Owed[]): Promise<void> {
    return this.#settle(owed, storedOnly);
  }

  /** As `settle`, for a new sign-in or access token: nobody has it before it is on the allow-list, so no change is announced as stored. */
  settleNew(owed: readonly Owed[]): Promise<void> {
    return this.#settle(owed, (cause) => {
      throw cause;
    });
  }

  async #settle(owed: readonly Owed[], failed: Failed): Promise<void> {
    await Promise.all(owed.map((item) => this.#pay(item, failed)));
    await this.crossOut(owed);
  }

  /** Deletes finished rows. The work is idempotent, so a row that stays only costs a repetition. */
  async crossOut(owed: readonly Owed[]): Promise<void> {
    if (owed.length === 0) return;
    await this.#options.outbox.done(owed.map((item) => item._id)).catch((error: unknown) => {
      this.#options.logger.warn(
        { err: error },
        'finished work could not be deleted from the outbox, so it is repeated',
      );
    });
  }

  async #pay(item: Owed, failed: Failed): Promise<void> {
    if (item.sid_hash !== null) await this.#options.list.sync(item.sid_hash).catch(failed);
    // An event of an earlier version that this version does not know needs no work.
    if (item.event === null || !Object.hasOwn(authEvents, item.event.subject)) return;
    const body = authEvents[item.event.subject].parse(item.event.body);
    const { clock } = this.#options;
    // Most readers refuse an event that is signed with a wrong clock. It is published for the others, and again once the clock is right.
    // That second one must not count as a copy of the first, though its id may be of the same time.
    await clock.measure();
    const id = item._id.toHexString();
    const message = JSON.stringify({ v: 1, request_id: id, body });
    const published = jetstream(this.#options.bus, { timeout: publishTimeoutMs }).publish(item.event.subject, message, {
      ...(clock.fault === undefined ? { msgID: tryId(id, this.#now()) } : {}),
      headers: sealMessage(this.#options.signer, item.event.subject, message, this.#now()),
    });
    await published.catch(failed);
    clock.require();
  }

  async #catchUp(): Promise<void> {
    if (!this.#options.list.isUp) return;
    try {
      for (;;) {
        const owed = await this.#options.outbox.list(new Date(this.#now() - youngMs), batchSize);
        await this.settle(owed);
        if (owed.length > 0) this.#options.logger.info({ count: owed.length }, 'finished pending work on the bus');
        if (owed.length < batchSize) return;
      }
    } catch (error) {
      this.#options.logger.warn({ reason: reasonOf(error) }, 'pending work on the bus cannot be done yet, retrying');
    }
  }
}

/** Turns the error of pending work into the one that the caller gets. */
type Failed = (cause: unknown) => never;

const storedOnly: Failed = (cause) => {
  throw new AppError('unavailable', 'The change is stored, and the services cannot be notified of it right now.', {
    cause,
  });
};
