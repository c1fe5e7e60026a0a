const esc = 0x1b;
const bell = 0x07;
/** Longest sequence that counts as a title, bytes. */
const maxSequence = 1024;
/** Sequences that are examined in one chunk, from its end. Bounds the cost of output that consists of them. */
const maxExamined = 16;
/** OSC 0 sets the title and the icon name, OSC 2 the title. */
const title = /^\x1b\][02];([^\x07\x1b]*)(?:\x07|\x1b\\)/;

/** Finds the title that a program sets by OSC 0 or 2 in its output. Reads the output in any chunks, without copying it. */
export class TitleReader {
  /** The last title, as the program wrote it. */
  title = '';
  /** The begin of a sequence at the end of the last chunk. */
  #begun: Buffer = Buffer.alloc(0);

  push(output: Uint8Array): void {
    const view = Buffer.from(output.buffer, output.byteOffset, output.byteLength);
    const bytes = this.#begun.length === 0 ? view : Buffer.concat([this.#begun, view]);
    this.#begun = begunIn(bytes);
    let before = bytes.length;
    for (let examined = 0; examined < maxExamined; examined += 1) {
      const at = bytes.lastIndexOf('\x1b]', before - 1, 'latin1');
      if (before <= 0 || at === -1) return;
      const found = title.exec(bytes.toString('utf8', at, at + maxSequence));
      if (found !== null) {
        this.title = found[1] ?? '';
        return;
      }
      before = at;
    }
  }
}

/** An unfinished sequence at the end, or a single escape character there. */
const begunIn = (bytes: Buffer): Buffer => {
  const tail = bytes.subarray(Math.max(0, bytes.length - maxSequence));
  const at = tail.lastIndexOf('\x1b]', undefined, 'latin1');
  const last = tail.at(-1) === esc ? tail.subarray(-1) : tail.subarray(tail.length);
  if (at === -1) return Buffer.from(last);
  const begun = tail.subarray(at);
  const ended = begun.includes(bell) || begun.includes('\x1b\\', 2, 'latin1');
  return Buffer.from(ended ? last : begun);
};
