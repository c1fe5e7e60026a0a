// What xterm.js answers to queries, all sent by the same event as typed keys. xtermjs.org/docs/api/vtfeatures names the queries.
const replies: readonly RegExp[] = [
  // Device attributes (DA1, DA2, DA3), status and cursor position reports (DSR, CPR, DECXCPR).
  /^\x1b\[[?>=]?[\d;]*[cnR]/,
  // Mode reports (DECRPM).
  /^\x1b\[\??\d+;\d+\$y/,
  // Window reports (XTWINOPS).
  /^\x1b\[\d+(;\d+)*t/,
  // Focus in and out: sent at once when a program asks for them.
  /^\x1b\[[IO]/,
  // Settings and terminfo (DECRPSS, XTGETTCAP), version (XTVERSION), tertiary attributes.
  /^\x1bP[^\x1b]*\x1b\\/,
  // Colours (OSC 4, 10, 11, 12) and window titles.
  /^\x1b\][^\x07\x1b]*(\x07|\x1b\\)/,
  // Kitty keyboard flags.
  /^\x1b\[\?\d+u/,
];

/** Whether all of `text` is one or more answers of the emulator, by their form alone. Ctrl+F3 has the form of a cursor report: know your keys first. */
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
/** A report of the mouse as SGR or in three bytes. */
const mouseReport = /^\x1b\[(?:<(\d+);\d+;\d+[Mm]|M(.)..)$/s;
/** Set in a mouse report's first number when the mouse only moved. */
const motion = 32;
const firstByte = 32;

/**
 * Whether the emulator says this because the window got the focus or the mouse went over it. Nobody has done anything to the program
 * by that, so it must not make a viewer the driver.
 */
export const isUnintended = (text: string): boolean => {
  if (focusReport.test(text)) return true;
  const [, number, byte] = mouseReport.exec(text) ?? [];
  const button = number !== undefined ? Number(number) : byte !== undefined ? byte.charCodeAt(0) - firstByte : 0;
  return (button & motion) !== 0;
};

/** Where something that the emulator sent out came from. */
export type Origin = 'typed' | 'reply' | 'replay';

/**
 * Tells keys from the emulator's answers. The emulator reads output in order and answers while it reads: what has the form
 * of an answer and comes while a piece is being read is one, and while that piece is a replay the program that asked has
 * had its answer long ago.
 */
export class ReplyFilter {
  readonly #reading: boolean[] = [];
  #key: string | undefined;

  /** A piece was handed to the emulator. */
  began(live: boolean): void {
    this.#reading.push(live);
  }

  /** The oldest piece has been read. */
  finished(): void {
    this.#reading.shift();
  }

  /** The piece that is read now is a replay: its bells, titles and clipboard writes are old too. */
  get replaying(): boolean {
    return this.#reading[0] === false;
  }

  /** A key is about to send this. */
  keyPressed(sends: string): void {
    this.#key = sends;
  }

  /** Classifies what the emulator sends out. */
  originOf(text: string): Origin {
    const fromKey = this.#key === text;
    this.#key = undefined;
    if (fromKey) return 'typed';
    if (!isUnintended(text) && (this.#reading.length === 0 || !looksLikeReply(text))) return 'typed';
    return this.replaying ? 'replay' : 'reply';
  }
}
