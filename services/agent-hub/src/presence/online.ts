/**
 * How long agents of a dead hub still count as online. They need up to this long to link to another hub, and their status must not
 * change to offline and back meanwhile.
 */
export const deadHubGraceMs = 60_000;

export interface Whereabouts {
  readonly presence: { readonly hub_id: string };
  readonly hubAlive: boolean;
}

/** Remembers when each hub was lost, and decides which agents count as online. */
export class OnlineRule {
  readonly #lostAt = new Map<string, number>();

  hubChanged(hubId: string, alive: boolean, now: number): void {
    if (alive) this.#lostAt.delete(hubId);
    else this.#lostAt.set(hubId, now);
  }

  isOnline(where: Whereabouts | undefined, now: number): boolean {
    if (where === undefined) return false;
    if (where.hubAlive) return true;
    const lostAt = this.#lostAt.get(where.presence.hub_id);
    return lostAt !== undefined && now - lostAt < deadHubGraceMs;
  }

  /** Whether the hub was lost at least `ms` ago. A hub that was never seen alive counts as lost `deadHubGraceMs` before the first call. */
  lostFor(hubId: string, ms: number, now: number): boolean {
    const lostAt = this.#lostAt.get(hubId);
    if (lostAt === undefined) {
      // The lease had expired before this hub started, so the grace period of its agents is over.
      this.#lostAt.set(hubId, now - deadHubGraceMs);
      return false;
    }
    return now - lostAt >= ms;
  }
}
