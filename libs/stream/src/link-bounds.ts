/** Limit of links in a screen and its scrollback. Each costs xterm.js 4 KB, and time at every line feed. */
const mostLinks = 500;
/** One link stops counting after this many lines. 500 links x 20 lines is the scrollback of 10,000 lines. */
const linesOfLink = 20;
/** Limit of characters in the text of one link. Longer text means that the end of the link is missing. */
const longestText = 4096;
/** Cost of each link at a line feed, in printed characters. */
const workOfLink = 1.2;

const form = /^(\x1b\]|\x9d)8;[^;]*;(.*)$/s;

/**
 * Limits hyperlinks (OSC 8): their number, and the text length of each. Ids are removed, because one id would spread a link over many
 * lines. xterm.js keeps a marker at each line of a link: 4,000 lines of one link took xterm.js 6 half a minute.
 */
export class LinkBounds {
  #open = false;
  #printed = 0;
  /** Line feeds until no link counts any more. */
  #lines = 0;

  /** Characters that may be printed before the open link must be closed. */
  get room(): number {
    return this.#open ? Math.max(0, longestText - this.#printed) : Number.POSITIVE_INFINITY;
  }

  /** Cost that the links add to a line feed, in printed characters. */
  get workOfLineFeed(): number {
    return (this.#lines / linesOfLink) * workOfLink;
  }

  lineFed(): void {
    this.#lines = Math.max(0, this.#lines - 1);
  }

  printed(count: number): void {
    if (this.#open) this.#printed += count;
  }

  /** @returns the operating system command (without its terminator) as it may be passed to the emulator */
  bounded(osc: string): string {
    const [, introducer = '', address = ''] = form.exec(osc) ?? [];
    if (introducer === '') return osc;
    this.#open = address !== '' && this.#lines <= (mostLinks - 1) * linesOfLink;
    this.#printed = 0;
    if (!this.#open) return `${introducer}8;;`;
    this.#lines += linesOfLink;
    return `${introducer}8;;${address}`;
  }

  /** @returns the sequence that ends a link */
  close(): string {
    this.#open = false;
    return '\x1b]8;;\x07';
  }
}
