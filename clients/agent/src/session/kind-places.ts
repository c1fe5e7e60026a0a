import type { SessionKind } from './session-kind.ts';

/** The sessions of kinds with bounds of their own, by group and owner. */
export class KindPlaces {
  readonly #taken = new Map<string, { group: string; owner: string }>();
  readonly #isAlive: (id: string) => boolean;

  /** `isAlive`: whether the session is alive or being started. */
  constructor(isAlive: (id: string) => boolean) {
    this.#isAlive = isAlive;
  }

  /** A session of this kind is being started. */
  take(id: string, { bounds }: SessionKind, owner: string): void {
    if (bounds === undefined) this.#taken.delete(id);
    else this.#taken.set(id, { group: bounds.group, owner });
  }

  /** Whether the session, which is alive or being started, is of a kind with bounds. */
  has(id: string): boolean {
    return this.#taken.has(id);
  }

  /** Why the owner can open no further session of this kind. Undefined: the owner can. */
  full({ bounds }: SessionKind, owner: string): string | undefined {
    if (bounds === undefined) return undefined;
    for (const id of this.#taken.keys()) if (!this.#isAlive(id)) this.#taken.delete(id);
    const { group, perUser, ofAll } = bounds;
    const taken = [...this.#taken.values()].filter((place) => place.group === group);
    if (taken.filter((place) => place.owner === owner).length >= perUser)
      return `This machine already has ${perUser} ${group} of yours. Wait for one to end.`;
    return taken.length < ofAll ? undefined : `This machine already has ${ofAll} ${group}. Wait for one to end.`;
  }
}
