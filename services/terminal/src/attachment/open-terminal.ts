/** Why a terminal is ended from here. */
export type EndedFromHere = 'signed_out' | 'displaced' | 'moving' | 'stalled';

/** A terminal's place among those that are open here. */
export interface Seat {
  /** What to do when it is to end; done at once when that was said already. */
  onEnd(end: (why: EndedFromHere) => void): void;
  /** It attaches as this viewer of this session: an older one that did goes. */
  attachAs(sessionId: string, viewerId: string): void;
  /** So many bytes wait here for its client now. */
  holds(bytes: number): void;
  leave(): void;
}

/** One open WebSocket of this instance, and how to end it. */
export class OpenTerminal {
  held = 0;
  #why: EndedFromHere | undefined;
  #end: ((why: EndedFromHere) => void) | undefined;

  onEnd(end: (why: EndedFromHere) => void): void {
    this.#end = end;
    if (this.#why !== undefined) end(this.#why);
  }

  /** Once: what its client is told of the end is held for that client, too. */
  end(why: EndedFromHere): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#end?.(why);
  }
}
