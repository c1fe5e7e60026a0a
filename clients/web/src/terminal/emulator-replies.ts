// Replies of xterm.js to queries. It emits them with the same event as typed keys. xtermjs.org/docs/api/vtfeatures lists the queries.
const replies: readonly RegExp[] = [
  // Device attributes (DA1, DA2, DA3), status and cursor position reports (DSR, CPR, DECXCPR).
  /^\x1b\[[?>=]?[\d;]*[cnR]/,
  // Mode reports (DECRPM).
  /^\x1b\[\??\d+;\d+\$y/,
  // Window reports (XTWINOPS).
  /^\x1b\[\d+(;\d+)*t/,
  // Focus in and out. Also sent immediately when a program enables these reports.
  /^\x1b\[[IO]/,
  // Settings and terminfo (DECRPSS, XTGETTCAP), version (XTVERSION), tertiary attributes.
  /^\x1bP[^\x1b]*\x1b\\/,
  // Colours (OSC 4, 10, 11, 12) and window titles.
  /^\x1b\][^\x07\x1b]*(\x07|\x1b\\)/,
  // Kitty keyboard flags.
  /^\x1b\[\?\d+u/,
];

/**
 * Whether `text` consists of one or more replies of the emulator, by its form. Ctrl+F3 has the form of a cursor report, so the caller must
 * exclude keys first.
 */
export const looksLikeReply = (text: string): boolean => {
  let rest = text;
  while (rest !== '') {
    const length = replies.map((reply) => reply.exec(rest)?.[0].length ?? 0).find((matched) => matched > 0);
    if (length === undefined) return false;
    rest = rest.slice(length);
  }
  return text !== '';
};

const focusReport = /^\x1b\[[IO]$/;
/** A mouse report, SGR or three bytes. */
const mouseReport = /^\x1b\[(?:<(\d+);\d+;\d+[Mm]|M(.)..)$/s;
/** Bit in the first number of a mouse report: the mouse only moved. */
const motion = 32;
const firstByte = 32;

/**
 * Whether the emulator sends this because the window got the focus or the mouse moved over it. The user did not interact with the program,
 * so it must not make this viewer the driver.
 */
export const isUnintended = (text: string): boolean => {
  if (focusReport.test(text)) return true;
  const [, number, byte] = mouseReport.exec(text) ?? [];
  const button = number !== undefined ? Number(number) : byte !== undefined ? byte.charCodeAt(0) - firstByte : 0;
  return (button & motion) !== 0;
};

/** Origin of text that the emulator emits. */
export type Origin = 'typed' | 'reply' | 'replay';

/**
 * Distinguishes keys from replies of the emulator. The emulator parses output in order and replies while it parses. Text in the form of a
 * reply that is emitted during the parse of a chunk is a reply. If the chunk is a replay, the program got its reply long ago.
 */
export class ReplyFilter {
  readonly #reading: boolean[] = [];
  #key: string | undefined;

  /** A chunk was passed to the emulator. */
  began(live: boolean): void {
    this.#reading.push(live);
  }

  /** The oldest chunk has been parsed. */
  finished(): void {
    this.#reading.shift();
  }

  /** Whether the chunk being parsed is a replay. Then its bells, titles and clipboard writes are old, too. */
  get replaying(): boolean {
    return this.#reading[0] === false;
  }

  /** The next text with this content comes from a key. */
  keyPressed(sends: string): void {
    this.#key = sends;
  }

  /** Classifies text that the emulator emits. */
  originOf(text: string): Origin {
    const fromKey = this.#key === text;
    this.#key = undefined;
    if (fromKey) return 'typed';
    if (!isUnintended(text) && (this.#reading.length === 0 || !looksLikeReply(text))) return 'typed';
    return this.replaying ? 'replay' : 'reply';
  }
}
