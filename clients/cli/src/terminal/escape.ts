/** The part of the typed bytes that goes to the shell, or an order for vsay itself. */
export type EscapeStep = Uint8Array | 'leave' | 'help';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const questionMark = 0x3f;
const dot = 0x2e;

/** The escape character of ssh. */
export const defaultEscape = '~';

/**
 * Finds escape sequences in typed bytes, as ssh: `~.` and `~?` at the start of a line, and `~~` for one `~`. Any other character after `~` is
 * sent with it.
 */
export class EscapeScanner {
  readonly #escape: number;
  #lineStart = true;
  #pending = false;

  /** `character`: one of ASCII. */
  constructor(character: string) {
    this.#escape = character.charCodeAt(0);
  }

  /** The steps for the next typed bytes, in order. Bytes after `~.` are dropped. */
  push(typed: Uint8Array): EscapeStep[] {
    const steps: EscapeStep[] = [];
    let kept: number[] = [];
    const flush = (): void => {
      if (kept.length > 0) steps.push(Uint8Array.from(kept));
      kept = [];
    };
    for (const byte of typed) {
      if (!this.#pending && this.#lineStart && byte === this.#escape) {
        this.#pending = true;
        continue;
      }
      if (this.#pending) {
        this.#pending = false;
        if (byte === dot) {
          flush();
          return [...steps, 'leave'];
        }
        if (byte === questionMark) {
          flush();
          steps.push('help');
          continue;
        }
        if (byte !== this.#escape) kept.push(this.#escape);
      }
      kept.push(byte);
      this.#lineStart = byte === lineFeed || byte === carriageReturn;
    }
    flush();
    return steps;
  }
}
