/** Which Option keys of a Mac are Meta; the others compose characters. */
export const optionKeySides = ['off', 'left', 'right', 'both'] as const;
export type OptionKeySide = (typeof optionKeySides)[number];

const codes = { left: 'AltLeft', right: 'AltRight' } as const;

/** Knows which Option keys are held: a key pressed with one of them does not tell its side. */
export class OptionKeys {
  readonly #held = new Set<string>();
  meta: OptionKeySide;

  constructor(meta: OptionKeySide) {
    this.meta = meta;
  }

  /** Whether Option is Meta for this key. To be called for each, also for Option itself. */
  isMeta({ type, key, code, altKey }: Pick<KeyboardEvent, 'type' | 'key' | 'code' | 'altKey'>): boolean {
    // Also where it was let go of in another window.
    if (!altKey) this.#held.clear();
    if (key === 'Alt' && type === 'keydown') this.#held.add(code);
    if (key === 'Alt' && type === 'keyup') this.#held.delete(code);
    if (this.meta === 'off' || this.meta === 'both') return this.meta === 'both';
    return this.#held.has(codes[this.meta]);
  }
}
