import type { Attachment } from '../attachment/attachment.ts';
import type { Foreground } from './session-kind.ts';

/** Viewers are warned this long before the end, and half of the limit before if that is shorter. */
const longestWarningMs = 5 * 60_000;
/** How often the foreground is looked at, and at least ten times within the limit. A look takes 0.07 ms. */
const lookEveryMs = 60_000;
/** A shell draws its prompt again for a new size. Output within this time after a resize is no use. */
const redrawMs = 2000;

export type IdleEndOptions = {
  /** The program or shell that has the foreground now. Undefined: unknown. */
  foreground(): Foreground | undefined;
  /** Time since the last use in an earlier agent process, ms. */
  idleForMs: number;
  /** ms on a monotonic clock. */
  now(): number;
};

/**
 * Decides when a session ends because it is not used, and warns its viewers before. Use is a typed key, output, a new viewer who may type, and a program in
 * the foreground: to end it could lose work. Behind ssh, sudo and other programs in which another shell may run, only keys and output count.
 */
export class IdleEnd {
  readonly #options: IdleEndOptions;
  /** The viewers that know the frame, by `writerOf`. A newer attachment of a viewer replaces the older one. */
  readonly #informed = new Map<string, Attachment>();
  #usedAt: number;
  #lookedAt: number;
  #resizedAt = Number.NEGATIVE_INFINITY;
  /** The warning that the viewers have. */
  #warned: { endsAt: number; limitMs: number } | undefined;

  constructor(options: IdleEndOptions) {
    this.#options = options;
    this.#lookedAt = options.now();
    this.#usedAt = this.#lookedAt - options.idleForMs;
  }

  /** ms since the last use. */
  get idleForMs(): number {
    return this.#options.now() - this.#usedAt;
  }

  used(): void {
    this.#usedAt = this.#options.now();
    if (this.#warned !== undefined) this.#warn(undefined);
  }

  resized(): void {
    this.#resizedAt = this.#options.now();
  }

  wrote(): void {
    if (this.#options.now() - this.#resizedAt > redrawMs) this.used();
  }

  /** `informed`: the viewer knows the frame. `opened`: it has no output yet, and may type: somebody has opened the session to use it. */
  joined(attachment: Attachment, informed: boolean, opened: boolean): void {
    if (attachment.viewer.role === 'record') return;
    if (informed) this.#informed.set(attachment.writer, attachment);
    else this.#informed.delete(attachment.writer);
    if (opened) this.used();
    else if (informed && this.#warned !== undefined) this.#report(attachment);
  }

  left(attachment: Attachment): void {
    if (this.#informed.get(attachment.writer) === attachment) this.#informed.delete(attachment.writer);
  }

  /** @param limitMs undefined: the session has no limit. @returns whether it must end now */
  isOver(limitMs: number | undefined): boolean {
    const now = this.#options.now();
    if (limitMs === undefined) {
      if (this.#warned !== undefined) this.#warn(undefined);
      return false;
    }
    this.#look(limitMs, now);
    const warningMs = Math.min(longestWarningMs, limitMs / 2);
    if (now < this.#usedAt + limitMs - warningMs) {
      if (this.#warned !== undefined) this.#warn(undefined);
      return false;
    }
    // A limit that is set, or made shorter, while the session is idle for longer warns as well.
    const endsAt = Math.max(this.#usedAt + limitMs, this.#warned?.endsAt ?? now + warningMs);
    if (this.#warned?.endsAt !== endsAt || this.#warned.limitMs !== limitMs) this.#warn({ endsAt, limitMs });
    return now >= endsAt;
  }

  #look(limitMs: number, now: number): void {
    if (now - this.#lookedAt < Math.min(lookEveryMs, limitMs / 10)) return;
    this.#lookedAt = now;
    if (this.#options.foreground()?.state === 'program') this.used();
  }

  #warn(warning: { endsAt: number; limitMs: number } | undefined): void {
    this.#warned = warning;
    for (const attachment of this.#informed.values()) this.#report(attachment);
  }

  #report(attachment: Attachment): void {
    const { endsAt = 0, limitMs = 0 } = this.#warned ?? {};
    // 0 would say that it is used again.
    const endsInMs = this.#warned === undefined ? 0 : Math.max(1, Math.round(endsAt - this.#options.now()));
    attachment.outgoing.sendControl({ type: 'idle', endsInMs, limitSeconds: Math.ceil(limitMs / 1000) });
  }
}
