/** A longer sequence is passed on before it is complete, as pictures are, or removed to its end if it is an unwanted one. */
const longestKept = 4096;

/** A complete control sequence, a string, or a control character with an effect besides the screen. */
const sequences = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bZ|[\x05\x07]/g;
/** The beginning of one at the end of the output. */
const beginning = /\x1b(?:\[[0-?]*[ -/]*|[\]P][^\x07\x1b]*\x1b?)?$/;

/** Sequences that the terminal answers on the keyboard's line, or that ring or write the clipboard. */
const unwanted: readonly RegExp[] = [
  // Device attributes, status and position reports, mode reports, parameters, window reports, version, keyboard flags.
  /^\x1b\[[?>=]?[\d;]*[cnx]$/,
  /^\x1b\[\??\d*\$p$/,
  /^\x1b\[0*(?:1[1-9]|2[01])(?:;\d*)*t$/,
  /^\x1b\[>\d*q$/,
  /^\x1b\[\?u$/,
  /^\x1bP[+$]q/,
  // Questions for colours, and every use of the clipboard.
  /^\x1b\](?:\d+;)*\?/,
  /^\x1b\]\d+;(?:[^;]*;)*\?/,
  /^\x1b\]0*(?:52|5522);/,
  /^(?:\x1bZ|[\x05\x07])$/,
];

/** The beginning of a string that is unwanted whatever follows, and its end. */
const unwantedString = /^\x1b(?:\]0*(?:52|5522);|P[+$]q)/;
const endOfString = /\x07|\x1b\\|(?=\x1b[^\\])/;

/**
 * Removes from output that is shown again everything that the terminal would answer: the answer would be typed into the shell now. Bells and
 * writes of the clipboard go too.
 */
export class ReplayFilter {
  #kept = '';
  /** An unwanted string is being removed up to its end. */
  #removing = false;

  push(bytes: Uint8Array): Uint8Array {
    let text = this.#kept + Buffer.from(bytes).toString('latin1');
    if (this.#removing) {
      const end = endOfString.exec(text);
      this.#removing = end === null;
      this.#kept = end === null && text.endsWith('\x1b') ? '\x1b' : '';
      if (end === null) return Buffer.alloc(0);
      text = text.slice(end.index + end[0].length);
    }
    const open = beginning.exec(text)?.[0] ?? '';
    this.#removing = open.length > longestKept && unwantedString.test(open);
    const left = this.#removing || open.length <= longestKept ? open : '';
    // It may be the first half of the end.
    const half = open.endsWith('\x1b') ? '\x1b' : '';
    this.#kept = this.#removing ? half : left;
    const whole = text.slice(0, text.length - left.length);
    const shown = whole.replace(sequences, (found) => (unwanted.some((pattern) => pattern.test(found)) ? '' : found));
    return Buffer.from(shown, 'latin1');
  }

  /** The rest, before output that is not shown again. */
  end(): Uint8Array {
    const rest = this.#removing ? '' : this.#kept;
    this.#kept = '';
    this.#removing = false;
    return Buffer.from(rest, 'latin1');
  }
}
