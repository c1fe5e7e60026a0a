/** A driver whose connection broke keeps its hold this long: a killed relay is back well within it. */
export const brokenHoldMs = 15_000;
/** A driver that has output to acknowledge and acknowledges none of it for this long loses its hold. */
export const silentHoldMs = 30_000;
/** How far the head may run beyond the driver's limit, and how near it may come to overwriting what is not acked. */
export const stallSlack = 64 * 1024;

/** A driver's word about its place in the output. */
export type Progress = { acked: number; limit: number };

type Hold =
  | { kind: 'none' }
  /** `since`: when the last unanswered stretch of output began, or the last ack came (ms). */
  | ({ kind: 'attached'; since: number } & Progress)
  | ({ kind: 'broken'; until: number } & Progress);

/** How an attachment's viewer went: on purpose, or by a break that it will want to come back from. */
export type Departure = 'left' | 'broken';

/**
 * Who drives a session, and whether it may stall the terminal. The driver is a viewer (user and viewer id), not a
 * socket: who opened the session, then the control viewer that last typed. There is one hold, and it is the driver's.
 * Times are ms on any clock that does not go back.
 */
export class DriverSeat {
  readonly #ringSize: number;
  #driver: string | undefined;
  #hold: Hold = { kind: 'none' };

  constructor(ringSize: number) {
    this.#ringSize = ringSize;
  }

  get driver(): string | undefined {
    return this.#driver;
  }

  get holds(): boolean {
    return this.#hold.kind !== 'none';
  }

  /** The viewer whose hold outlives its connection for now. */
  get brokenHolder(): string | undefined {
    return this.#hold.kind === 'broken' ? this.#driver : undefined;
  }

  /**
   * A viewer with the right to type attaches. The first one (who opens the session) takes the seat.
   * @returns whether it drives, and whether it came back within its hold, so that nothing was written without it.
   */
  attach(viewer: string, progress: Progress, now: number): { driver: boolean; withinHold: boolean } {
    this.#driver ??= viewer;
    if (viewer !== this.#driver) return { driver: false, withinHold: false };
    const withinHold = this.holds;
    this.#hold = { kind: 'attached', since: now, ...progress };
    return { driver: true, withinHold };
  }

  /** A control viewer typed (answers of a terminal emulator do not count): it drives now, and holds. */
  typed(viewer: string, progress: Progress, now: number): void {
    if (viewer === this.#driver) return;
    this.#driver = viewer;
    this.#hold = { kind: 'attached', since: now, ...progress };
  }

  /** A viewer's ack and limit. For a driver that lost its hold an ack is the way back to it. */
  progress(viewer: string, progress: Progress, now: number): void {
    if (viewer !== this.#driver) return;
    const moved = this.#hold.kind === 'none' || progress.acked > this.#hold.acked;
    const since = this.#hold.kind === 'attached' && !moved ? this.#hold.since : now;
    this.#hold = { kind: 'attached', since, ...progress };
  }

  /** A hidden driver gives its hold up, a visible one has it. */
  visible(viewer: string, visible: boolean, progress: Progress, now: number): void {
    if (viewer !== this.#driver) return;
    if (!visible) this.#hold = { kind: 'none' };
    else if (this.#hold.kind !== 'attached') this.#hold = { kind: 'attached', since: now, ...progress };
  }

  /** The viewer's attachment is over. After a break the hold stays where it was, for 15 s. */
  leave(viewer: string, departure: Departure, now: number): void {
    if (viewer !== this.#driver || this.#hold.kind !== 'attached') return;
    const { acked, limit } = this.#hold;
    this.#hold = departure === 'left' ? { kind: 'none' } : { kind: 'broken', acked, limit, until: now + brokenHoldMs };
  }

  /** Output was written at `headBefore`: from a driver that had acknowledged everything an ack is due from now on. */
  wrote(headBefore: number, now: number): void {
    if (this.#hold.kind === 'attached' && this.#hold.acked >= headBefore) this.#hold.since = now;
  }

  /** Ends a hold whose time is over. */
  expire(head: number, now: number): void {
    const hold = this.#hold;
    const over =
      (hold.kind === 'broken' && now >= hold.until) ||
      (hold.kind === 'attached' && hold.acked < head && now - hold.since >= silentHoldMs);
    if (over) this.#hold = { kind: 'none' };
  }

  /** Gives the hold up whoever has it: the shell has ended, what is left of its output goes into the ring. */
  release(): void {
    this.#hold = { kind: 'none' };
  }

  /** Whether the terminal must not be read now: the driver has not allowed more, or would lose what it has not seen. */
  mustStall(head: number): boolean {
    const hold = this.#hold;
    if (hold.kind === 'none') return false;
    return head - hold.limit >= stallSlack || head - hold.acked >= this.#ringSize - stallSlack;
  }
}
