import { type Foreseen, Predictor } from '../predictor.ts';
import type { CursorLine } from '../typed-line.ts';

/** How a program echoes keys: a line editor, a password prompt, one that shows stars, one that echoes every key twice. */
export type Echo = 'editor' | 'silent' | 'masked' | 'double';

const cols = 24;

/** A machine behind a slow connection: keys wait to be read, and output waits to be delivered. */
export class FarShell {
  readonly predictor = new Predictor();
  now = 0;
  #echo: Echo;
  readonly #after: Echo[];
  #typed = 0;
  #taken = 0;
  readonly #keys: string[] = [];
  readonly #said: (() => void)[] = [];
  #line: { y: number; x: number; start: number; text: string };
  /** Keys that were typed without an echo. */
  swallowed = '';

  /** `after`: the echo of the programs that run after each Enter. */
  constructor(echo: Echo = 'editor', after: readonly Echo[] = []) {
    this.#echo = echo;
    this.#after = [...after];
    this.#line = { y: 0, x: 2, start: 2, text: '$ ' };
    this.predictor.saw(this.#seen(), 0);
  }

  get waiting(): number {
    return this.#keys.length;
  }

  get foreseen(): Foreseen | undefined {
    return this.predictor.foreseen;
  }

  /** The cursor's line as the user sees it, including the prediction. */
  get shown(): string {
    const cells = [...this.#shown.cells];
    for (const { column, character } of this.foreseen?.cells ?? []) cells[column] = character;
    return cells.join('').trimEnd();
  }

  /** The line as the shell has it, including output that is not delivered yet. */
  get truth(): string {
    return this.#line.text.trimEnd();
  }

  get cursor(): { x: number; start: number; length: number } {
    return { x: this.#line.x, start: this.#line.start, length: this.#line.text.length };
  }

  #shown: CursorLine = { y: 0, x: 2, cells: [...'$ '.padEnd(cols)] };

  type(key: string): void {
    this.#typed += key.length;
    this.#keys.push(key);
    this.predictor.typed(key, this.#typed);
  }

  /** The machine reads one key, echoes it and acknowledges it. A slow program echoes after the ack. */
  take(slow = false): void {
    const key = this.#keys.shift();
    if (key === undefined) return;
    this.#taken += key.length;
    const taken = this.#taken;
    this.#apply(key);
    const line = this.#seen();
    const echo = (): void => {
      this.#shown = line;
      this.predictor.saw(line, this.now);
    };
    const ack = (): void => this.predictor.applied(taken, this.now);
    this.#said.push(...(slow ? [ack, echo] : [echo, ack]));
  }

  /** Delivers one message of the machine. */
  arrive(): void {
    this.#said.shift()?.();
  }

  pass(ms: number): void {
    this.now += ms;
    this.predictor.timePassed(this.now);
  }

  settle(): void {
    while (this.#keys.length > 0) this.take();
    while (this.#said.length > 0) this.arrive();
    this.pass(1000);
  }

  #seen(): CursorLine {
    return { y: this.#line.y, x: this.#line.x, cells: [...this.#line.text.padEnd(cols)] };
  }

  #apply(key: string): void {
    if (key === '\r') this.#enter();
    else if (this.#echo === 'silent') this.swallowed += key;
    else if (this.#echo === 'masked') this.#insert('*');
    else if (this.#echo === 'double') this.#insert(key + key);
    else this.#edit(key);
  }

  #enter(): void {
    this.#echo = this.#after.shift() ?? 'editor';
    const text = this.#echo === 'editor' ? '$ ' : 'Password: ';
    this.#line = { y: this.#line.y + 1, x: text.length, start: text.length, text };
  }

  #edit(key: string): void {
    const { x, start, text } = this.#line;
    if (key === '\x1b[D') this.#line.x = Math.max(start, x - 1);
    else if (key === '\x1b[C') this.#line.x = Math.min(text.length, x + 1);
    else if (key === '\x7f') {
      if (x > start) this.#line = { ...this.#line, x: x - 1, text: text.slice(0, x - 1) + text.slice(x) };
    } else this.#insert(key);
  }

  #insert(what: string): void {
    const { x, text } = this.#line;
    if (text.length + what.length >= cols) this.#line = { y: this.#line.y + 1, x: 0, start: 0, text: '' };
    else this.#line = { ...this.#line, x: x + what.length, text: text.slice(0, x) + what + text.slice(x) };
  }
}
