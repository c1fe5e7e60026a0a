/** Time between two reports of a link that are passed on, in ms, so that an agent causes at most one write of their kind per second. */
export const reportEveryMs = 1000;

/** Passes on what links report: the first report at once, and those of the next second merged into one. */
export class LatestReport<Link, T> {
  readonly #merge: (before: T | undefined, report: T) => T;
  readonly #pass: (link: Link, report: T) => void;
  /** The links of the last second, each with the report that waits. */
  readonly #links = new Map<Link, T | undefined>();

  constructor(merge: (before: T | undefined, report: T) => T, pass: (link: Link, report: T) => void) {
    this.#merge = merge;
    this.#pass = pass;
  }

  add(link: Link, report: T): void {
    if (this.#links.has(link)) this.#links.set(link, this.#merge(this.#links.get(link), report));
    else this.#passNow(link, this.#merge(undefined, report));
  }

  #passNow(link: Link, report: T): void {
    this.#links.set(link, undefined);
    setTimeout(() => {
      const waiting = this.#links.get(link);
      this.#links.delete(link);
      if (waiting !== undefined) this.#passNow(link, waiting);
    }, reportEveryMs).unref();
    this.#pass(link, report);
  }
}
