import { InputGate } from './input-gate.ts';

/** Limit of remembered writers without an attachment and without a hold. The one absent for the longest time is discarded first. */
const maxAway = 64;

/** The input gates of one session, by writer (user and viewer id). */
export class Writers {
  readonly #window: number;
  readonly #present = new Map<string, InputGate>();
  readonly #away = new Map<string, InputGate>();

  /** `window`: bytes that each writer may send beyond its applied input. */
  constructor(window: number) {
    this.#window = window;
  }

  /** The gate of the writer, or a new one if the writer is unknown. It is kept until `leave`. */
  enter(writer: string): InputGate {
    const gate = this.#present.get(writer) ?? this.#away.get(writer) ?? new InputGate(this.#window);
    this.#away.delete(writer);
    this.#present.set(writer, gate);
    return gate;
  }

  /** The writer has no attachment and no hold any more. The last 64 such writers are remembered. */
  leave(writer: string): void {
    const gate = this.#present.get(writer);
    if (gate === undefined) return;
    this.#present.delete(writer);
    this.#away.set(writer, gate);
    if (this.#away.size <= maxAway) return;
    const [longestAway] = this.#away.keys();
    if (longestAway !== undefined) this.#away.delete(longestAway);
  }

  /** The applied input of each writer. The one absent for the longest time is first. */
  get applied(): [writer: string, applied: number][] {
    return [...this.#away, ...this.#present].map(([writer, gate]) => [writer, gate.applied]);
  }

  /** Continues with writers that have no attachment. Their input after `applied` is expected again. */
  restore(writers: readonly (readonly [writer: string, applied: number])[]): void {
    for (const [writer, applied] of writers.slice(-maxAway))
      this.#away.set(writer, new InputGate(this.#window, applied));
  }

  /** Number of remembered writers, present and absent. */
  get size(): number {
    return this.#present.size + this.#away.size;
  }
}
