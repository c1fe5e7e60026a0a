import type { DownFrame } from '@webxterm/contracts/frames';
import { maxSessionTitle } from '@webxterm/contracts/session-titles';
import type { Attachment } from '../attachment/attachment.ts';
import type { Foreground } from './session-kind.ts';

/** A program starts just after the output of the Enter key. */
const afterOutputMs = 150;
/** Shortest time between two looks, in ms. A look takes 0.07 ms. */
const everyMs = 500;
/** Looks after the last output. The second one finds a program that started late and prints nothing. */
const looksAfterOutput = 2;

export type ForegroundReportsOptions = {
  ownerUserId: string;
  /** The program or shell that has the foreground now. Undefined: unknown, or the session has ended. */
  look(): Foreground | undefined;
  /** ms on a monotonic clock. */
  now(): number;
};

/**
 * Reports to the viewers of one session what has the foreground of its terminal, so that a page can ask before it is closed. Looks after
 * output, and only while such a viewer is attached: without output nothing has changed that a user knows of.
 */
export class ForegroundReports {
  readonly #options: ForegroundReportsOptions;
  /** The viewers that get reports, by `writerOf`. */
  readonly #informed = new Map<string, Attachment>();
  #reported: Pick<Foreground, 'state' | 'command'> | undefined;
  #looksLeft = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ForegroundReportsOptions) {
    this.#options = options;
  }

  /** `informed`: the viewer gets reports, the first one now. A newer attachment of a viewer replaces the older one. */
  joined(attachment: Attachment, informed: boolean): void {
    if (this.#closed || attachment.viewer.role === 'record') return;
    if (!informed) {
      this.#forget(attachment.writer);
      return;
    }
    this.#informed.set(attachment.writer, attachment);
    const reported = this.#reported;
    if (!this.#look() && reported !== undefined) this.#report(attachment, reported);
    this.#lookAgain();
  }

  left(attachment: Attachment): void {
    if (this.#informed.get(attachment.writer) === attachment) this.#forget(attachment.writer);
  }

  /** The session has written output. */
  output(): void {
    if (this.#informed.size > 0) this.#lookAgain();
  }

  /** Sends no more reports. */
  close(): void {
    this.#closed = true;
    this.#informed.clear();
    this.#stop();
  }

  #forget(writer: string): void {
    this.#informed.delete(writer);
    if (this.#informed.size === 0) this.#stop();
  }

  #lookAgain(): void {
    this.#looksLeft = looksAfterOutput;
    this.#timer ??= this.#lookIn(Math.max(afterOutputMs, this.#lookedAt + everyMs - this.#options.now()));
  }

  #lookIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#looksLeft -= 1;
      this.#look();
      this.#timer = this.#looksLeft > 0 ? this.#lookIn(everyMs) : undefined;
    }, ms);
  }

  /** @returns whether a change was reported to all viewers */
  #look(): boolean {
    this.#lookedAt = this.#options.now();
    const now = this.#options.look();
    const before = this.#reported;
    if (now === undefined || (now.state === before?.state && now.command === before.command)) return false;
    this.#reported = now;
    for (const attachment of this.#informed.values()) this.#report(attachment, now);
    return true;
  }

  #report(attachment: Attachment, { state, command }: Pick<Foreground, 'state' | 'command'>): void {
    const own = attachment.viewer.userId === this.#options.ownerUserId;
    // 80 characters are at most 240 bytes.
    const program = own ? command.slice(0, maxSessionTitle).toWellFormed() : '';
    const frame: DownFrame = { type: 'foreground', state, program };
    attachment.outgoing.sendControl(frame);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
