import { InputGate } from './input-gate.ts';

/** Writers that are neither attached nor hold are forgotten beyond this many, the longest away first. */
const maxAway = 64;

/** The input gates of one session, by writer (user and viewer id). */
export class Writers {
  readonly #window: number;
  readonly #present = new Map<string, InputGate>();
  readonly #away = new Map<string, InputGate>();

  /** `window`: bytes that each writer may send beyond what is applied. */
  constructor(window: number) {
    this.#window = window;
  }

  /** The writer's gate; a new one when it was never here or is forgotten. It stays until `leave`. */
  enter(writer: string): InputGate {
    const gate = this.#present.get(writer) ?? this.#away.get(writer) ?? new InputGate(this.#window);
    this.#away.delete(writer);
    this.#present.set(writer, gate);
    return gate;
  }

  /** The writer is gone for now (no attachment, no hold); the last 64 of these are remembered. */
  leave(writer: string): void {
    const gate = this.#present.get(writer);
    if (gate === undefined) return;
    this.#present.delete(writer);
    this.#away.set(writer, gate);
    if (this.#away.size <= maxAway) return;
    const [longestAway] = this.#away.keys();
    if (longestAway !== undefined) this.#away.delete(longestAway);
  }

  /** How many writers are remembered, present and away. */
  get size(): number {
    return this.#present.size + this.#away.size;
  }
}
