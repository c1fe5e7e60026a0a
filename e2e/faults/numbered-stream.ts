/** Bytes of one line. */
const lineSize = 64;
const filler = ' the quick brown fox jumps over the lazy dog 0123';

/** Stands before the numbered bytes: no shell echoes it. */
export const begin = 0x02;
/** Stands behind them, before the writer's account of what it wrote or read (JSON). */
export const end = 0x03;
/** Stands behind the account; typed, it ends the echo. */
export const over = 0x04;

/** The report of a program in the terminal about the numbered bytes that it wrote or received. */
export interface Account {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Of its terminal at the end. */
  readonly cols: number;
  readonly rows: number;
}

/** Bytes `from` up to `from + length` of the endless text of numbered lines: each line contains its number. */
export const numberedBytes = (from: number, length: number): Buffer => {
  const first = Math.floor(from / lineSize);
  const last = Math.ceil((from + length) / lineSize);
  let text = '';
  for (let line = first; line < last; line += 1) text += `${String(line).padStart(14, '0')}${filler}\n`;
  const start = from - first * lineSize;
  return Buffer.from(text, 'latin1').subarray(start, start + length);
};
