import { type Attachment, type Viewer, writerOf } from '../attachment/attachment.ts';

/** The viewers attached to one session, and the time for which its owner has not been attached. Other viewers do not keep a session alive. */
export class SessionViewers {
  readonly #ownerUserId: string;
  readonly #byWriter = new Map<string, Attachment>();
  #ownerLeftAt: number | undefined;

  /** `ownerLeftAt`: ms on the clock of `remove` and `ownerAwayFor`. */
  constructor(ownerUserId: string, ownerLeftAt: number) {
    this.#ownerUserId = ownerUserId;
    this.#ownerLeftAt = ownerLeftAt;
  }

  /** The attachments by `writerOf`. */
  get byWriter(): ReadonlyMap<string, Attachment> {
    return this.#byWriter;
  }

  get count(): number {
    return this.#byWriter.size;
  }

  /** ms for which the owner has not been attached, or undefined while the owner is attached. */
  ownerAwayFor(now: number): number | undefined {
    return this.#ownerLeftAt === undefined ? undefined : now - this.#ownerLeftAt;
  }

  [Symbol.iterator](): Iterator<Attachment> {
    return this.#byWriter.values();
  }

  has(viewer: Viewer): boolean {
    return this.#byWriter.has(writerOf(viewer));
  }

  add(attachment: Attachment): void {
    this.#byWriter.set(attachment.writer, attachment);
    if (this.#isOwner(attachment)) this.#ownerLeftAt = undefined;
  }

  /** Removes an attachment. @returns false if a newer attachment of its viewer has replaced it */
  remove(attachment: Attachment, now: number): boolean {
    if (this.#byWriter.get(attachment.writer) !== attachment) return false;
    this.#byWriter.delete(attachment.writer);
    if (![...this].some((other) => this.#isOwner(other))) this.#ownerLeftAt ??= now;
    return true;
  }

  /** Ends the older attachment of a viewer that attaches again. */
  displace(writer: string): void {
    const old = this.#byWriter.get(writer);
    if (old === undefined) return;
    this.#byWriter.delete(writer);
    old.release({ type: 'refused', code: 'displaced', message: 'A newer connection of this viewer took over.' });
  }

  #isOwner({ viewer }: Attachment): boolean {
    return viewer.userId === this.#ownerUserId;
  }
}
