/** The part of an xterm.js terminal that is used here. Both its browser build and its headless build have it. */
export interface EmulatorOfKeys {
  readonly buffer: { readonly active: { readonly type: 'normal' | 'alternate' } };
  readonly parser: {
    registerCsiHandler(
      id: { prefix?: string; final: string },
      handler: (parameters: (number | number[])[]) => boolean,
    ): unknown;
    registerEscHandler(id: { final: string }, handler: () => boolean): unknown;
  };
}

/** The progressive enhancements of the kitty keyboard protocol (sw.kovidgoyal.net/kitty/keyboard-protocol). */
export const keyboardFlag = {
  /** Each key has an unambiguous sequence: it is no prefix of another one, and no other key has the same. */
  disambiguate: 1,
  /** Repeats and releases are reported too. */
  eventTypes: 2,
  /** Reports include the shifted character and the key's position on a PC-101 keyboard. */
  alternateKeys: 4,
  /** Text keys and modifier keys are reported as keys. */
  allKeys: 8,
  /** Reports include the text that the key produces. */
  text: 16,
} as const;
const allFlags = 31;

/** Maximum entries in the stack of one screen, as in kitty. A further push removes the oldest one. */
const mostEntries = 8;

const numberAt = (parameters: readonly (number | number[])[], index: number): number => {
  const parameter = parameters[index];
  return typeof parameter === 'number' ? parameter : 0;
};

/**
 * Tracks which keyboard flags the programs on a terminal have set. Each of its two screens has a stack of flags, changed by `CSI > flags u`
 * (push), `CSI < number u` (pop) and `CSI = flags ; mode u` (change the last entry). A reset empties both stacks.
 */
export class KeyboardFlags {
  readonly #emulator: EmulatorOfKeys;
  readonly #stacks: Record<'normal' | 'alternate', number[]> = { normal: [], alternate: [] };

  /** `answer` sends the reply to a query, `CSI ? flags u`. Without it, queries get no reply. */
  constructor(emulator: EmulatorOfKeys, answer?: (reply: string) => void) {
    this.#emulator = emulator;
    const { parser } = emulator;
    parser.registerCsiHandler({ prefix: '>', final: 'u' }, (parameters) => this.#push(numberAt(parameters, 0)));
    parser.registerCsiHandler({ prefix: '<', final: 'u' }, (parameters) => this.#pop(numberAt(parameters, 0) || 1));
    parser.registerCsiHandler({ prefix: '=', final: 'u' }, (parameters) =>
      this.#change(numberAt(parameters, 0) & allFlags, numberAt(parameters, 1) || 1),
    );
    parser.registerCsiHandler({ prefix: '?', final: 'u' }, () => {
      answer?.(`\x1b[?${this.current}u`);
      return true;
    });
    parser.registerEscHandler({ final: 'c' }, () => {
      this.#stacks.normal = [];
      this.#stacks.alternate = [];
      // The emulator handles the rest of the reset.
      return false;
    });
  }

  /** The current flags of the visible screen. */
  get current(): number {
    return this.#stack.at(-1) ?? 0;
  }

  /** Sequences that restore the stack of `screen` in an emulator that shows this screen and whose stack is empty. */
  restoring(screen: 'normal' | 'alternate'): string {
    return this.#stacks[screen].map((flags) => `\x1b[>${flags}u`).join('');
  }

  get #stack(): number[] {
    return this.#stacks[this.#emulator.buffer.active.type];
  }

  #push(flags: number): boolean {
    const stack = this.#stack;
    stack.push(flags & allFlags);
    if (stack.length > mostEntries) stack.shift();
    return true;
  }

  #pop(count: number): boolean {
    const stack = this.#stack;
    stack.length = Math.max(0, stack.length - count);
    return true;
  }

  /** Mode 1 replaces the current flags, mode 2 adds to them, mode 3 removes from them. */
  #change(flags: number, mode: number): boolean {
    const stack = this.#stack;
    const changed = { 1: flags, 2: this.current | flags, 3: this.current & ~flags }[mode];
    if (changed !== undefined) stack[Math.max(0, stack.length - 1)] = changed;
    return true;
  }
}
