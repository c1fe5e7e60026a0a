import type { AuditEvent } from '@webxterm/contracts/bus';

const minuteMs = 60_000;
/** Kinds that are counted separately at a time. Further ones are counted together by their action. */
export const maxKinds = 1000;

interface Counted {
  readonly until: number;
  /** The latest event of the kind. Undefined as long as only the first one, which is already recorded, has occurred. */
  event: AuditEvent | undefined;
  count: number;
}

/** Counts events that any client can cause at any rate, so that they cost one row a minute instead of one per try. */
export class Tally {
  readonly #now: () => number;
  readonly #kinds = new Map<string, Counted>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns true for the first event of its kind in this minute, which the caller records at once */
  add(kind: string, event: AuditEvent): boolean {
    const key = this.#kinds.has(kind) || this.#kinds.size < maxKinds ? kind : `${event.action} and others`;
    const known = this.#kinds.get(key);
    if (known === undefined) {
      this.#kinds.set(key, { until: this.#now() + minuteMs, event: undefined, count: 0 });
      return true;
    }
    known.event = event;
    known.count += 1;
    return false;
  }

  /** The events of the minutes that have ended, each with its count. */
  take(now: number): AuditEvent[] {
    const over: AuditEvent[] = [];
    for (const [key, { until, event, count }] of this.#kinds) {
      if (until > now) continue;
      this.#kinds.delete(key);
      if (event !== undefined) over.push({ ...event, count });
    }
    return over;
  }
}
