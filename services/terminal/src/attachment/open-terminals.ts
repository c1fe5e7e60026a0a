import { AppError } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import { type EndedFromHere, OpenTerminal, type TerminalSlot } from './open-terminal.ts';
import type { SigninEnd } from './signin-end.ts';

/** The terminals of one user at this instance, and the bytes that they hold. */
interface Holding {
  readonly terminals: Set<OpenTerminal>;
  held: number;
}

export interface TerminalBounds {
  /** The noun of the message for a user who has too many, `terminals` by default. */
  readonly noun?: string;
  /** Limit of open terminals per user, over all instances. */
  readonly perUser: number;
  /** Limit of bytes per user that this instance buffers for clients. */
  readonly heldPerUser: number;
  /** The known number of a user's open terminals at other instances. */
  readonly elsewhere: (userId: string) => number;
  /** Called when the number of a user's open terminals at this instance changes. */
  readonly changed: (userId: string, open: number) => void;
}

/** The open terminals of this instance. Applies the limits per user, and ends terminals by sign-in, by viewer, or all. */
export class OpenTerminals {
  readonly #all = new Set<OpenTerminal>();
  readonly #bySignin = new Map<string, Set<OpenTerminal>>();
  readonly #byViewer = new Map<string, OpenTerminal>();
  readonly #byUser = new Map<string, Holding>();
  readonly #bounds: TerminalBounds;

  constructor(bounds: TerminalBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#all.size;
  }

  /** The number of open terminals at this instance, by user. */
  counts(): [string, number][] {
    return [...this.#byUser].map(([userId, { terminals }]) => [userId, terminals.size]);
  }

  /**
   * `returning`: a viewer with a resume pass. Its previous instance may still count it for some seconds, so only the terminals at this
   * instance count against the limit.
   * @throws AppError too_many_terminals
   */
  enter({ userId, sid }: { userId: string; sid: string }, returning = false): TerminalSlot {
    const { noun = 'terminals', perUser, elsewhere, changed } = this.#bounds;
    const holding = this.#byUser.get(userId) ?? { terminals: new Set(), held: 0 };
    if (holding.terminals.size + (returning ? 0 : elsewhere(userId)) >= perUser)
      throw new AppError('too_many_terminals', `You have ${perUser} ${noun} open. Close one and try again.`);
    const terminal = new OpenTerminal();
    this.#byUser.set(userId, holding);
    holding.terminals.add(terminal);
    this.#all.add(terminal);
    const sidHash = hashSid(sid);
    const ofSignin = this.#bySignin.get(sidHash) ?? new Set();
    this.#bySignin.set(sidHash, ofSignin.add(terminal));
    changed(userId, holding.terminals.size);
    let viewer: string | undefined;
    return {
      onEnd: (end) => terminal.onEnd(end),
      end: (why) => terminal.end(why),
      attachAs: (sessionId, viewerId) => {
        viewer = `${userId}/${sessionId}/${viewerId}`;
        const older = this.#byViewer.get(viewer);
        this.#byViewer.set(viewer, terminal);
        if (older !== terminal) older?.end('displaced');
      },
      holds: (bytes) => {
        if (this.#all.has(terminal)) this.#holds(holding, terminal, bytes);
      },
      leave: () => {
        if (!this.#all.delete(terminal)) return;
        this.#holds(holding, terminal, 0);
        holding.terminals.delete(terminal);
        if (holding.terminals.size === 0 && this.#byUser.get(userId) === holding) this.#byUser.delete(userId);
        changed(userId, holding.terminals.size);
        ofSignin.delete(terminal);
        if (ofSignin.size === 0 && this.#bySignin.get(sidHash) === ofSignin) this.#bySignin.delete(sidHash);
        if (viewer !== undefined && this.#byViewer.get(viewer) === terminal) this.#byViewer.delete(viewer);
      },
    };
  }

  /** Above the limit it ends the terminal that holds most, because its client does not read. */
  #holds(holding: Holding, terminal: OpenTerminal, bytes: number): void {
    holding.held += bytes - terminal.held;
    terminal.held = bytes;
    if (holding.held <= this.#bounds.heldPerUser) return;
    const most = [...holding.terminals].reduce((one, other) => (other.held > one.held ? other : one), terminal);
    most.end('stalled');
  }

  endSignin(sidHash: string, why: SigninEnd): void {
    for (const terminal of [...(this.#bySignin.get(sidHash) ?? [])]) terminal.end(why);
  }

  endAll(why: EndedFromHere): void {
    for (const terminal of [...this.#all]) terminal.end(why);
  }
}
