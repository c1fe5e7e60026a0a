/** Private modes that a program switches on (DECSET) and that would disturb the local shell afterwards. */
const offAtTheEnd = new Set([1, 9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026, 2031]);
const alternateScreens = new Set([47, 1047, 1049]);
const cursorShown = 25;
const autoWrap = 7;

/** A sequence that is not complete is kept for the next output up to this length. */
const longestKept = 64;

const sequence = /\x1b(?:\[\?([\d;]*)([hl])|\[>[\d;]*u|\[<\d*u|\[>4(?:;\d*)?m|([=>])|(c))/g;
const beginning = /\x1b(?:\[[?><]?[\d;]*)?$/;

/**
 * Follows the modes that the programs of the shell set in the local terminal, so that they can be reset when vsay leaves in the middle of one, as
 * with `~.` in an editor.
 */
export class TerminalModes {
  #set = new Set<number>();
  #kept = '';
  #keyboard = 0;
  #otherKeys = false;
  #keypad = false;

  /** A program shows its own screen. */
  get alternate(): boolean {
    return [...this.#set].some((mode) => alternateScreens.has(mode));
  }

  /** Takes the next output of the shell. */
  push(bytes: Uint8Array): void {
    const text = this.#kept + Buffer.from(bytes).toString('latin1');
    for (const [whole, modes, letter, keypad, reset] of text.matchAll(sequence)) {
      if (reset !== undefined) this.#clear();
      else if (keypad !== undefined) this.#keypad = keypad === '=';
      else if (modes !== undefined) for (const mode of modes.split(';')) this.#change(Number(mode), letter === 'h');
      else if (whole.endsWith('m')) this.#otherKeys = whole !== '\x1b[>4m' && whole !== '\x1b[>4;0m';
      else if (whole.startsWith('\x1b[>')) this.#keyboard += 1;
      else this.#keyboard = Math.max(0, this.#keyboard - (Number(whole.slice(3, -1)) || 1));
    }
    const open = beginning.exec(text)?.[0] ?? '';
    this.#kept = open.length > longestKept ? '' : open;
  }

  /** The sequences that reset what is set. Empty: nothing is. */
  restoring(): string {
    const modes = [...this.#set];
    const resets = modes.filter((mode) => offAtTheEnd.has(mode) || alternateScreens.has(mode));
    return [
      this.#keyboard > 0 ? `\x1b[<${this.#keyboard}u` : '',
      this.#otherKeys ? '\x1b[>4;0m' : '',
      this.#keypad ? '\x1b>' : '',
      ...resets.map((mode) => `\x1b[?${mode}l`),
      this.#set.has(-cursorShown) ? `\x1b[?${cursorShown}h` : '',
      this.#set.has(-autoWrap) ? `\x1b[?${autoWrap}h` : '',
      resets.length > 0 ? '\x1b[0m' : '',
    ].join('');
  }

  /** A mode that is on by default is noted, as a negative number, while it is off. */
  #change(mode: number, on: boolean): void {
    const byDefault = mode === cursorShown || mode === autoWrap;
    if (byDefault) {
      if (on) this.#set.delete(-mode);
      else this.#set.add(-mode);
    } else if (on) this.#set.add(mode);
    else this.#set.delete(mode);
  }

  #clear(): void {
    this.#set = new Set();
    this.#keyboard = 0;
    this.#otherKeys = false;
    this.#keypad = false;
  }
}
