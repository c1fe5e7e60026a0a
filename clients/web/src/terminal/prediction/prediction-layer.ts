import type { ITheme, Terminal } from '@xterm/xterm';
import { cursorLine } from './cursor-line.ts';
import { Distance } from './distance.ts';
import classes from './prediction-layer.module.css';
import { type Foreseen, Predictor } from './predictor.ts';

/** Draws the predicted effect of typed keys over the screen of a distant machine. The emulator's screen is not changed. */
export class PredictionLayer {
  readonly #terminal: Terminal;
  readonly #predictor = new Predictor();
  readonly #distance = new Distance();
  readonly #layer = document.createElement('div');
  #enabled: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(terminal: Terminal, enabled: boolean) {
    this.#terminal = terminal;
    this.#enabled = enabled;
    this.#layer.className = classes.layer ?? '';
    this.#layer.dataset.testid = 'prediction';
    // Hidden from screen readers, which read the shell's output once it arrives.
    this.#layer.ariaHidden = 'true';
    terminal.onRender(() => this.#draw());
    terminal.onScroll(() => this.#draw());
    terminal.onResize(() => this.reset());
  }

  /** Call it once the terminal is in the page. */
  open(): void {
    this.#terminal.element?.querySelector('.xterm-screen')?.append(this.#layer);
  }

  setTheme(theme: ITheme): void {
    this.#layer.style.setProperty('--wx-echo-ink', theme.foreground ?? '');
    this.#layer.style.setProperty('--wx-echo-ground', theme.background ?? '');
    this.#layer.style.setProperty('--wx-echo-cursor', theme.cursor ?? '');
  }

  setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
    if (!enabled) this.reset();
  }

  /** Smoothed round trip to the machine, ms. */
  latency(ms: number): void {
    this.#distance.measured(ms);
    if (!this.#distance.far) this.reset();
  }

  /** `text` was typed. `upTo`: the number of bytes typed so far, including it. */
  typed(text: string, upTo: number): void {
    if (!this.#active) return;
    this.#look();
    this.#predictor.typed(text, upTo);
    this.#draw();
  }

  /** The machine has applied the first `upTo` bytes. The emulator may not have parsed the preceding output yet. */
  applied(upTo: number): void {
    if (!this.#active) return;
    this.#terminal.write('', () => {
      this.#look();
      this.#predictor.applied(upTo, performance.now());
      this.#draw();
    });
  }

  /** The emulator has parsed output. */
  screenChanged(): void {
    if (!this.#active) return;
    this.#look();
    this.#draw();
  }

  /** Discards all predictions. */
  reset(): void {
    this.#predictor.reset();
    this.#draw();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#layer.remove();
  }

  get #active(): boolean {
    return this.#enabled && this.#distance.far;
  }

  #look(): void {
    this.#predictor.saw(cursorLine(this.#terminal), performance.now());
  }

  #draw(): void {
    clearTimeout(this.#timer);
    const at = this.#predictor.nextAt;
    if (at !== undefined)
      this.#timer = setTimeout(
        () => {
          this.#predictor.timePassed(performance.now());
          this.#draw();
        },
        Math.max(0, at - performance.now()),
      );
    const foreseen = this.#active ? this.#predictor.foreseen : undefined;
    if (foreseen !== undefined) this.#show(foreseen);
    else if (this.#layer.childElementCount > 0) this.#layer.replaceChildren();
  }

  #show({ y, x, cells }: Foreseen): void {
    const { buffer, rows } = this.#terminal;
    const row = y - buffer.active.viewportY;
    if (row < 0 || row >= rows) {
      this.#layer.replaceChildren();
      return;
    }
    const marks = new Map(cells.map(({ column, character }) => [column, { character, real: false, cursor: false }]));
    const line = buffer.active.getLine(y);
    for (const column of [buffer.active.cursorX, x])
      if (!marks.has(column))
        marks.set(column, { character: line?.getCell(column)?.getChars() || ' ', real: true, cursor: false });
    const cursor = marks.get(x);
    if (cursor !== undefined) cursor.cursor = true;
    this.#layer.replaceChildren(...[...marks].map(([column, mark]) => this.#cell(row, column, mark)));
  }

  #cell(row: number, column: number, mark: { character: string; real: boolean; cursor: boolean }): HTMLElement {
    const { cols, rows, options } = this.#terminal;
    const width = this.#layer.clientWidth / cols;
    const height = this.#layer.clientHeight / rows;
    const cell = document.createElement('span');
    cell.textContent = mark.character;
    if (mark.real) cell.classList.add(classes.real ?? '');
    if (mark.cursor) cell.classList.add(classes.cursor ?? '');
    cell.style.left = `${column * width}px`;
    cell.style.top = `${row * height}px`;
    cell.style.width = `${width}px`;
    cell.style.height = `${height}px`;
    // The emulator rounds the space above a character up, a browser rounds it down.
    cell.style.font = `${options.fontSize}px / ${height + 1}px ${options.fontFamily}`;
    return cell;
  }
}
