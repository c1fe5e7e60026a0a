/** The Option keys of a Mac that are Meta. The others compose characters. */
export const optionKeySides = ['off', 'left', 'right', 'both'] as const;
export type OptionKeySide = (typeof optionKeySides)[number];

const codes = { left: 'AltLeft', right: 'AltRight' } as const;

/** Tracks the held Option keys, because the event of another key does not contain the side. */
export class OptionKeys {
  readonly #held = new Set<string>();
  meta: OptionKeySide;

  constructor(meta: OptionKeySide) {
    this.meta = meta;
  }

  /** Whether Option is Meta for this key event. Must be called for every event, including those of Option itself. */
  isMeta({ type, key, code, altKey }: Pick<KeyboardEvent, 'type' | 'key' | 'code' | 'altKey'>): boolean {
    // Also if it was released in another window.
    if (!altKey) this.#held.clear();
    if (key === 'Alt' && type === 'keydown') this.#held.add(code);
    if (key === 'Alt' && type === 'keyup') this.#held.delete(code);
    if (this.meta === 'off' || this.meta === 'both') return this.meta === 'both';
    return this.#held.has(codes[this.meta]);
  }
}
