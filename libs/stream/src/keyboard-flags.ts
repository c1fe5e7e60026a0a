/** The part of an xterm.js terminal that is needed here; its page and headless builds have it both. */
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

/** The progressive enhancements that a program may ask for (sw.kovidgoyal.net/kitty/keyboard-protocol). */
export const keyboardFlag = {
  /** No key sends what begins a sequence, or what another key sends. */
  disambiguate: 1,
  /** Repeats and releases are told, too. */
  eventTypes: 2,
  /** The key's shifted character, and its place on a PC-101 keyboard. */
  alternateKeys: 4,
  /** Keys that make text, and modifiers, are reported as keys. */
  allKeys: 8,
  /** The text that a key makes stands in its report. */
  text: 16,
} as const;
const allFlags = 31;

/** Entries of one screen's stack; the oldest goes when there is one more. The bound of kitty. */
const mostEntries = 8;

const numberAt = (parameters: readonly (number | number[])[], index: number): number => {
  const parameter = parameters[index];
  return typeof parameter === 'number' ? parameter : 0;
};

/**
 * How programs on a terminal want keys to be reported: a stack of flags for each of its two screens, kept by the sequences
 * `CSI > flags u` (push), `CSI < number u` (pop) and `CSI = flags ; mode u` (change the last entry). A reset empties both.
 */
export class KeyboardFlags {
  readonly #emulator: EmulatorOfKeys;
  readonly #stacks: Record<'normal' | 'alternate', number[]> = { normal: [], alternate: [] };

  /** `answer` sends the reply to a query, `CSI ? flags u`; without it queries go unanswered. */
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
      // The emulator resets the rest.
      return false;
    });
  }

  /** The flags in force on the screen that is shown. */
  get current(): number {
    return this.#stack.at(-1) ?? 0;
  }

  /** Sequences that give the stack of `screen` to an emulator which shows that screen and has an empty one. */
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

  /** Mode 1 puts the flags in the place of those in force, 2 adds them, 3 takes them away. */
  #change(flags: number, mode: number): boolean {
    const stack = this.#stack;
    const changed = { 1: flags, 2: this.current | flags, 3: this.current & ~flags }[mode];
    if (changed !== undefined) stack[Math.max(0, stack.length - 1)] = changed;
    return true;
  }
}
