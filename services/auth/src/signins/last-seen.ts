import type { Logger, Shutdown } from '@webxterm/shared';
import type { SigninStore } from './signin-store.ts';

const everyMs = 10_000;
/** Sign-ins above this number between two writes are not recorded, because the time is only a convenience. */
const maxNoted = 10_000;

/** Records when each sign-in was last seen. Writes happen in batches, so a refresh needs no write of its own and no database. */
export class LastSeen {
  readonly #store: Pick<SigninStore, 'seen'>;
  readonly #logger: Logger;
  readonly #now: () => number;
  #noted = new Map<string, Date>();

  constructor(store: Pick<SigninStore, 'seen'>, logger: Logger, now: () => number = Date.now) {
    this.#store = store;
    this.#logger = logger;
    this.#now = now;
  }

  start(shutdown: Shutdown): void {
    const timer = setInterval(() => void this.flush(), everyMs);
    shutdown.add('work', 'last seen', () => {
      clearInterval(timer);
      return this.flush();
    });
  }

  note(sidHash: string): void {
    if (this.#noted.size < maxNoted || this.#noted.has(sidHash)) this.#noted.set(sidHash, new Date(this.#now()));
  }

  async flush(): Promise<void> {
    if (this.#noted.size === 0) return;
    const noted = this.#noted;
    this.#noted = new Map();
    await this.#store.seen(noted).catch((error: unknown) => {
      this.#logger.warn(
        { err: error, count: noted.size },
        'the times when sign-ins were last seen could not be stored',
      );
    });
  }
}
