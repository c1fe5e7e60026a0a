import type { SigninEnd } from './signin-end.ts';

/** Why this instance ends a terminal. */
export type EndedFromHere = SigninEnd | 'displaced' | 'moving' | 'stalled' | 'share_ended';

/** The place of one terminal among the open terminals of this instance. */
export interface TerminalSlot {
  /** Sets the function that ends the terminal. It is called at once if the end was requested before. */
  onEnd(end: (why: EndedFromHere) => void): void;
  /** Ends the terminal. */
  end(why: EndedFromHere): void;
  /** Registers the terminal as this viewer of this session. An older terminal of the same viewer ends as displaced. */
  attachAs(sessionId: string, viewerId: string): void;
  /** Sets the number of bytes that are buffered here for its client. */
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

  /** Ends the terminal at most once, because the bytes of the close message also count as held. */
  end(why: EndedFromHere): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#end?.(why);
  }
}
