/**
 * How long the agents of a hub that is gone count as online: they need up to this long to be back through another one,
 * and nobody should see all of them flap meanwhile.
 */
export const deadHubGraceMs = 60_000;

export interface Whereabouts {
  readonly presence: { readonly hub_id: string };
  readonly hubAlive: boolean;
}

/** Remembers when each hub was lost, and tells from that which agents count as online. */
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

  /** Hubs lost at least this long ago, or never seen alive. */
  lostFor(hubId: string, ms: number, now: number): boolean {
    const lostAt = this.#lostAt.get(hubId);
    if (lostAt === undefined) {
      // Its lease was gone before we came: its time counts from now.
      this.#lostAt.set(hubId, now - deadHubGraceMs);
      return false;
    }
    return now - lostAt >= ms;
  }
}
