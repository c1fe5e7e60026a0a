import type { DownFrame } from '@webxterm/contracts/frames';
import { FrameTimes } from '@webxterm/contracts/frames';
import type { RecordingRecord } from './record.ts';

export type CastVersion = '2' | '3';

const seconds = (ms: number): number => ms / 1000;

/**
 * Writes a recording as asciicast, version 3 (https://docs.asciinema.org/manual/asciicast/v3/) or 2: a header and one event a line. A
 * character that is cut by a frame is written with its last byte.
 */
export class CastWriter {
  readonly #version: CastVersion;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #times = new FrameTimes();
  #wroteAt = 0;
  #size: { cols: number; rows: number };
  #started = false;

  constructor(version: CastVersion, size: { cols: number; rows: number }) {
    this.#version = version;
    this.#size = size;
  }

  header({ began_at, title }: Pick<RecordingRecord, 'began_at' | 'title'>): string {
    const { cols, rows } = this.#size;
    const common = { timestamp: Math.floor(began_at.getTime() / 1000), ...(title === '' ? {} : { title }) };
    const header =
      this.#version === '3'
        ? { version: 3, term: { cols, rows, type: 'xterm-256color' }, ...common }
        : { version: 2, width: cols, height: rows, ...common, env: { TERM: 'xterm-256color' } };
    return `${JSON.stringify(header)}\n`;
  }

  /** The lines of one frame. */
  lines(frame: DownFrame): string {
    switch (frame.type) {
      case 'times':
        this.#times.add(frame.marks);
        return '';
      case 'output':
        return this.#output(frame.offset, frame.payload);
      case 'size':
        return this.#resize(frame);
      case 'gap':
        return this.#event('m', `${frame.to - frame.from} bytes of output were not recorded`);
      case 'ended':
        return this.#end(frame.exitCode);
      default:
        return '';
    }
  }

  #output(offset: number, payload: Uint8Array): string {
    let lines = '';
    for (const { from, to, ms } of this.#times.pieces(offset, offset + payload.length)) {
      const text = this.#decoder.decode(payload.subarray(from - offset, to - offset), { stream: true });
      this.#started = true;
      if (text !== '') lines += this.#event('o', text, ms);
    }
    return lines;
  }

  #resize({ cols, rows }: { cols: number; rows: number }): string {
    if (cols === this.#size.cols && rows === this.#size.rows) return '';
    this.#size = { cols, rows };
    return this.#event('r', `${cols}x${rows}`);
  }

  #end(exitCode: number | undefined): string {
    const rest = this.#started ? this.#decoder.decode() : '';
    const last = rest === '' ? '' : this.#event('o', rest);
    // Version 2 has no event for the end.
    return this.#version === '2' || exitCode === undefined ? last : last + this.#event('x', String(exitCode));
  }

  /** `ms`: when it happened; missing: at the time of the event before. Version 3 has intervals, version 2 times since the start. */
  #event(code: 'o' | 'r' | 'm' | 'x', data: string, ms = this.#wroteAt): string {
    const at = Math.max(ms, this.#wroteAt);
    const time = this.#version === '3' ? seconds(at - this.#wroteAt) : seconds(at);
    this.#wroteAt = at;
    return `${JSON.stringify([time, code, data])}\n`;
  }
}
