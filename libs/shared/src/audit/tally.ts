import type { AuditEvent } from '@webxterm/contracts/bus';

const minuteMs = 60_000;
/** Kinds counted at once; what comes beyond is counted together, under its action alone. */
export const maxKinds = 1000;

interface Counted {
  readonly until: number;
  /** The latest of the kind; undefined while there was but the first, which has been told. */
  event: AuditEvent | undefined;
  count: number;
}

/** Counts what anybody may cause at any rate, so that it costs one row a minute and not one a try. */
export class Tally {
  readonly #now: () => number;
  readonly #kinds = new Map<string, Counted>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns true for the first of its kind in this minute: it is to be told now */
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

  /** The events of the minutes that are over, each with its count. */
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
