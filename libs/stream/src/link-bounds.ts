/** Links that there may be in a screen and its scrollback: each costs xterm.js 4 KB, and time at every line feed. */
const mostLinks = 500;
/** One of them is forgotten with so many lines: a scrollback of 10,000 holds what was begun in it. */
const linesOfLink = 20;
/** Characters of one link's text: a longer one is no link, but an end that never came. */
const longestText = 4096;
/** Work that each link makes at a line feed, in characters printed. */
const workOfLink = 1.2;

const form = /^(\x1b\]|\x9d)8;[^;]*;(.*)$/s;

/**
 * Bounds hyperlinks (OSC 8). Each keeps a marker at each of its lines: 4,000 lines of one link took xterm.js 6 half a minute. So there are so many of so
 * much text, and none has an id, by which one link would lie on many lines.
 */
export class LinkBounds {
  #open = false;
  #printed = 0;
  /** Lines until all are forgotten. */
  #lines = 0;

  /** Characters that may be printed before something is to be done. */
  get room(): number {
    return this.#open ? Math.max(0, longestText - this.#printed) : Number.POSITIVE_INFINITY;
  }

  /** What links add to the work of a line feed. */
  get workOfLineFeed(): number {
    return (this.#lines / linesOfLink) * workOfLink;
  }

  lineFed(): void {
    this.#lines = Math.max(0, this.#lines - 1);
  }

  printed(count: number): void {
    if (this.#open) this.#printed += count;
  }

  /** @returns an operating system command as it may reach the emulator, without its end */
  bounded(osc: string): string {
    const [, introducer = '', address = ''] = form.exec(osc) ?? [];
    if (introducer === '') return osc;
    this.#open = address !== '' && this.#lines <= (mostLinks - 1) * linesOfLink;
    this.#printed = 0;
    if (!this.#open) return `${introducer}8;;`;
    this.#lines += linesOfLink;
    return `${introducer}8;;${address}`;
  }

  /** @returns what ends a link */
  close(): string {
    this.#open = false;
    return '\x1b]8;;\x07';
  }
}
