import { AppError, hashSid } from '@webxterm/shared';

/** Why a terminal is ended from here. */
export type EndedFromHere = 'signed_out' | 'displaced' | 'moving';

/** A terminal's place among those that are open here. */
export interface Seat {
  /** What to do when it is to end; done at once when that was said already. */
  onEnd(end: (why: EndedFromHere) => void): void;
  /** It attaches as this viewer of this session: an older one that did goes. */
  attachAs(sessionId: string, viewerId: string): void;
  leave(): void;
}

class OpenTerminal {
  #why: EndedFromHere | undefined;
  #end: ((why: EndedFromHere) => void) | undefined;

  onEnd(end: (why: EndedFromHere) => void): void {
    this.#end = end;
    if (this.#why !== undefined) end(this.#why);
  }

  end(why: EndedFromHere): void {
    this.#why ??= why;
    this.#end?.(why);
  }
}

/** Every open terminal of this instance: to end them by sign-in, by viewer, or all. */
export class OpenTerminals {
  readonly #all = new Set<OpenTerminal>();
  readonly #bySignin = new Map<string, Set<OpenTerminal>>();
  readonly #byViewer = new Map<string, OpenTerminal>();
  readonly #perUser = new Map<string, number>();
  readonly #maxPerUser: number;

  /** `maxPerUser`: terminals that one user may have open here. */
  constructor(maxPerUser: number) {
    this.#maxPerUser = maxPerUser;
  }

  get size(): number {
    return this.#all.size;
  }

  /** @throws AppError too_many_requests */
  enter({ userId, sid }: { userId: string; sid: string }): Seat {
    const terminal = new OpenTerminal();
    const count = this.#perUser.get(userId) ?? 0;
    if (count >= this.#maxPerUser)
      throw new AppError('too_many_requests', `You have ${this.#maxPerUser} terminals open. Close one and try again.`);
    this.#perUser.set(userId, count + 1);
    this.#all.add(terminal);
    const sidHash = hashSid(sid);
    const ofSignin = this.#bySignin.get(sidHash) ?? new Set();
    this.#bySignin.set(sidHash, ofSignin.add(terminal));
    let viewer: string | undefined;
    return {
      onEnd: (end) => terminal.onEnd(end),
      attachAs: (sessionId, viewerId) => {
        viewer = `${userId}/${sessionId}/${viewerId}`;
        const older = this.#byViewer.get(viewer);
        this.#byViewer.set(viewer, terminal);
        if (older !== terminal) older?.end('displaced');
      },
      leave: () => {
        if (!this.#all.delete(terminal)) return;
        const left = (this.#perUser.get(userId) ?? 1) - 1;
        if (left === 0) this.#perUser.delete(userId);
        else this.#perUser.set(userId, left);
        ofSignin.delete(terminal);
        if (ofSignin.size === 0 && this.#bySignin.get(sidHash) === ofSignin) this.#bySignin.delete(sidHash);
        if (viewer !== undefined && this.#byViewer.get(viewer) === terminal) this.#byViewer.delete(viewer);
      },
    };
  }

  endSignin(sidHash: string): void {
    for (const terminal of [...(this.#bySignin.get(sidHash) ?? [])]) terminal.end('signed_out');
  }

  endAll(why: EndedFromHere): void {
    for (const terminal of [...this.#all]) terminal.end(why);
  }
}
