const everyMs = 200;
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Such as `3.4 MiB`. */
export const sizeText = (bytes: number): string => {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
};

/** The progress of one file, on a line of stderr that is written again and again. Without a terminal nothing is shown. */
export class Progress {
  readonly #name: string;
  readonly #total: number;
  readonly #shown = process.stderr.isTTY;
  readonly #startedAt = performance.now();
  #done = 0;
  #lastAt = 0;

  constructor(name: string, total: number) {
    this.#name = name;
    this.#total = total;
  }

  add(bytes: number): void {
    this.#done += bytes;
    const now = performance.now();
    if (!this.#shown || now - this.#lastAt < everyMs) return;
    this.#lastAt = now;
    this.#write();
  }

  end(): void {
    if (!this.#shown) return;
    this.#write();
    process.stderr.write('\n');
  }

  #write(): void {
    const seconds = Math.max(0.001, (performance.now() - this.#startedAt) / 1000);
    const speed = this.#done / seconds;
    const percent = this.#total === 0 ? 100 : Math.floor((this.#done / this.#total) * 100);
    process.stderr.write(`\r\x1b[K${this.#name}  ${percent} %  ${sizeText(this.#done)}  ${sizeText(speed)}/s`);
  }
}
