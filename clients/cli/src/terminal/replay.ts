/** A longer sequence is passed on before it is complete. */
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
  /^\x1b\[(?:1[1-9]|2[01])(?:;\d*)*t$/,
  /^\x1b\[>\d*q$/,
  /^\x1b\[\?u$/,
  /^\x1bP[+$]q/,
  // Questions for colours, and every use of the clipboard.
  /^\x1b\](?:\d+;)*\?/,
  /^\x1b\]\d+;(?:[^;]*;)*\?/,
  /^\x1b\]52;/,
  /^(?:\x1bZ|[\x05\x07])$/,
];

/**
 * Removes from output that is shown again everything that the terminal would answer: the answer would be typed into the shell now. Bells and
 * writes of the clipboard go too.
 */
export class ReplayFilter {
  #kept = '';

  push(bytes: Uint8Array): Uint8Array {
    const text = this.#kept + Buffer.from(bytes).toString('latin1');
    const open = beginning.exec(text)?.[0] ?? '';
    this.#kept = open.length > longestKept ? '' : open;
    const whole = text.slice(0, text.length - this.#kept.length);
    const shown = whole.replace(sequences, (found) => (unwanted.some((pattern) => pattern.test(found)) ? '' : found));
    return Buffer.from(shown, 'latin1');
  }

  /** The rest, before output that is not shown again. */
  end(): Uint8Array {
    const rest = Buffer.from(this.#kept, 'latin1');
    this.#kept = '';
    return rest;
  }
}
