/** A driver whose connection broke keeps its hold for this long. A killed relay is replaced well within this time. */
export const brokenHoldMs = 15_000;
/** A driver that has unacknowledged output and sends no ack for this long loses its hold. */
export const silentHoldMs = 30_000;
/** Bytes. The head may pass the driver's limit by this much, and must stay this far from overwriting unacknowledged output. */
export const stallSlack = 64 * 1024;

/** Progress reported by a driver, as absolute output offsets. */
export type Progress = { acked: number; limit: number };

export type TrackedDriver = { driver: string; progress: Progress | undefined };

type Hold =
  | { kind: 'none' }
  /** `since` (ms): the later of the last ack and the start of the current unacknowledged output. */
  | ({ kind: 'attached'; since: number } & Progress)
  | ({ kind: 'broken'; until: number } & Progress);

/** How an attachment ended. `left`: the viewer closed it. `broken`: the connection broke, so the viewer will try to attach again. */
export type Departure = 'left' | 'broken';

/**
 * Tracks which viewer drives a session, and whether that viewer may stall the terminal. The driver is a viewer (user and viewer id), not a
 * socket: first the viewer that opened the session, then the control viewer that typed last. Only the driver can have the hold. Times are
 * ms on any monotonic clock.
 */
export class DriverTracker {
  readonly #ringSize: number;
  #driver: string | undefined;
  #hold: Hold = { kind: 'none' };

  constructor(ringSize: number) {
    this.#ringSize = ringSize;
  }

  /** The driver and its progress, if it has the hold. */
  get current(): TrackedDriver | undefined {
    if (this.#driver === undefined) return undefined;
    if (this.#hold.kind === 'none') return { driver: this.#driver, progress: undefined };
    const { acked, limit } = this.#hold;
    return { driver: this.#driver, progress: { acked, limit } };
  }

  /** Continues the driver of another process, whose connections are broken. */
  restore({ driver, progress }: TrackedDriver, now: number): void {
    this.#driver = driver;
    if (progress !== undefined) this.#hold = { kind: 'broken', ...progress, until: now + brokenHoldMs };
  }

  get driver(): string | undefined {
    return this.#driver;
  }

  get holds(): boolean {
    return this.#hold.kind !== 'none';
  }

  /** The driver whose connection is broken and whose hold has not expired yet. */
  get brokenHolder(): string | undefined {
    return this.#hold.kind === 'broken' ? this.#driver : undefined;
  }

  /**
   * A viewer with the right to type attaches. The first one becomes the driver.
   * @returns `driver`: whether it drives. `withinHold`: whether it attached again within its hold, so it has missed little: the process stalled at its limit.
   */
  attach(viewer: string, progress: Progress, now: number): { driver: boolean; withinHold: boolean } {
    this.#driver ??= viewer;
    if (viewer !== this.#driver) return { driver: false, withinHold: false };
    const withinHold = this.holds;
    this.#hold = { kind: 'attached', since: now, ...progress };
    return { driver: true, withinHold };
  }

  /** A control viewer typed, so it becomes the driver and has the hold. Replies of a terminal emulator do not count as typing. */
  typed(viewer: string, progress: Progress, now: number): void {
    if (viewer === this.#driver) return;
    this.#driver = viewer;
    this.#hold = { kind: 'attached', since: now, ...progress };
  }

  /** Updates ack and limit of a viewer. A driver that lost its hold gets it back with its next ack. */
  progress(viewer: string, progress: Progress, now: number): void {
    if (viewer !== this.#driver) return;
    const moved = this.#hold.kind === 'none' || progress.acked > this.#hold.acked;
    const since = this.#hold.kind === 'attached' && !moved ? this.#hold.since : now;
    this.#hold = { kind: 'attached', since, ...progress };
  }

  /** A driver loses its hold when it becomes hidden, and gets it back when it becomes visible. */
  visible(viewer: string, visible: boolean, progress: Progress, now: number): void {
    if (viewer !== this.#driver) return;
    if (!visible) this.#hold = { kind: 'none' };
    else if (this.#hold.kind !== 'attached') this.#hold = { kind: 'attached', since: now, ...progress };
  }

  /** The attachment of the viewer has ended. After a break its hold is kept for 15 s. */
  leave(viewer: string, departure: Departure, now: number): void {
    if (viewer !== this.#driver || this.#hold.kind !== 'attached') return;
    const { acked, limit } = this.#hold;
    this.#hold = departure === 'left' ? { kind: 'none' } : { kind: 'broken', acked, limit, until: now + brokenHoldMs };
  }

  /** Output was written at `headBefore`. If the driver had acknowledged everything before, the time for its next ack starts now. */
  wrote(headBefore: number, now: number): void {
    if (this.#hold.kind === 'attached' && this.#hold.acked >= headBefore) this.#hold.since = now;
  }

  /** Ends an expired hold. */
  expire(head: number, now: number): void {
    const hold = this.#hold;
    const over =
      (hold.kind === 'broken' && now >= hold.until) ||
      (hold.kind === 'attached' && hold.acked < head && now - hold.since >= silentHoldMs);
    if (over) this.#hold = { kind: 'none' };
  }

  /** Ends the hold of any viewer. Called when the shell has ended, so that the rest of its output can go into the ring. */
  release(): void {
    this.#hold = { kind: 'none' };
  }

  /** Whether reading from the terminal must pause, because the driver's limit is reached or unacknowledged output would be overwritten. */
  mustStall(head: number): boolean {
    const hold = this.#hold;
    if (hold.kind === 'none') return false;
    return head - hold.limit >= stallSlack || head - hold.acked >= this.#ringSize - stallSlack;
  }
}
