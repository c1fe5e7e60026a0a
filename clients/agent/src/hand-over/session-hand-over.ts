import type { Logger } from 'pino';
import type { Sessions } from '../session/sessions.ts';
import { dropState, handOverVersion, leaveState } from './state-file.ts';

export type SessionHandOverOptions = {
  sessions: Pick<Sessions, 'isEmpty' | 'canBeHandedOver' | 'freeze' | 'snapshots' | 'handOver' | 'abandonAll'>;
  log: Logger;
  /** ms on a monotonic clock. */
  now(): number;
};

/** After a failed hand-over of the sessions the next one follows not before this time. */
const retryAfterMs = 10 * 60_000;
/** A session that is just ending is waited for. */
const attemptEveryMs = 100;
const maxAttempts = 30;

/** Hands the sessions of this process over to the program that replaces it. */
export class SessionHandOver {
  readonly #options: SessionHandOverOptions;
  #running = false;
  #notBefore = 0;

  constructor(options: SessionHandOverOptions) {
    this.#options = options;
  }

  /** A hand-over has begun and has not failed. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** Whether all sessions could be handed over now. */
  get isPossible(): boolean {
    const { sessions, now } = this.#options;
    return now() >= this.#notBefore && sessions.canBeHandedOver;
  }

  /**
   * Checks that the sessions can be handed over, and leaves them frozen for `leave`. After a failure they continue here. `mayLeave` is asked at
   * the end, because work that cannot be handed over may have begun meanwhile.
   * @returns whether it succeeded
   */
  async prepare(instanceId: string, mayLeave: () => boolean): Promise<boolean> {
    const { sessions, log, now } = this.#options;
    this.#running = true;
    try {
      if (!sessions.isEmpty) {
        await this.#writeState(instanceId);
        dropState();
      }
      if (mayLeave()) return true;
      sessions.freeze(false);
      this.#running = false;
      return false;
    } catch (err) {
      log.warn({ err }, 'the sessions cannot be handed over now: this version goes on for some minutes');
      sessions.freeze(false);
      this.#running = false;
      this.#notBefore = now() + retryAfterMs;
      return false;
    }
  }

  /**
   * Writes the state of the sessions for the next program, which must replace this process before another turn of the event loop.
   * @throws Error if they cannot be handed over: they are ended then
   */
  async leave(instanceId: string): Promise<void> {
    const { sessions } = this.#options;
    if (sessions.isEmpty) return;
    await this.#writeState(instanceId).catch((error: unknown) => {
      sessions.abandonAll();
      throw error;
    });
  }

  /** Freezes the sessions and writes their state. @throws Error if there is no room for it, or a session ends meanwhile */
  async #writeState(instanceId: string): Promise<void> {
    const { sessions } = this.#options;
    sessions.freeze(true);
    const screens = await sessions.snapshots();
    for (let attempt = 1; ; attempt += 1) {
      if (sessions.canBeHandedOver) {
        leaveState({ version: handOverVersion, instanceId, sessions: sessions.handOver(screens) });
        // A process may have ended while the state was written.
        if (sessions.canBeHandedOver) return;
        dropState();
      }
      if (attempt === maxAttempts) throw new Error('a session is being ended');
      await new Promise((resolve) => setTimeout(resolve, attemptEveryMs));
    }
  }
}
