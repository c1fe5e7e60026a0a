/** A size in columns and rows. */
interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** `live`: the size is reported after the replay ended. */
type Report = (size: Size, driver: boolean, live: boolean) => void;

/** The terminal's current size, which is this viewer's size while this viewer drives. It is reported again when a replay has ended. */
export class AppliedSize {
  readonly #output: { readonly next: number };
  readonly #report: Report;
  #size: Size;
  #driver = false;
  /** Output before this offset is a replay. */
  #liveFrom = 0;
  #reportedLive = true;

  /** `output.next`: the offset of the next output. */
  constructor(size: Size, output: { readonly next: number }, report: Report) {
    this.#size = size;
    this.#output = output;
    this.#report = report;
  }

  /** The viewer is attached at `offset`. Output up to `liveFrom` is a replay. */
  attached(size: Size, driver: boolean, offset: number, liveFrom: number): void {
    this.#liveFrom = liveFrom > offset ? liveFrom : 0;
    this.#set(size, driver);
  }

  /** The size has changed at the current offset. */
  resized(size: Size): void {
    this.#set(size, this.#driver);
  }

  /** Another viewer drives, or this one. */
  seated(driver: boolean): void {
    this.#set(this.#size, driver);
  }

  /** Output has arrived. */
  progressed(): void {
    if (!this.#reportedLive && !this.#replays) this.#set(this.#size, this.#driver);
  }

  #set(size: Size, driver: boolean): void {
    this.#size = size;
    this.#driver = driver;
    this.#reportedLive = !this.#replays;
    this.#report(size, driver, this.#reportedLive);
  }

  /** Whether the next output is a replay. */
  get #replays(): boolean {
    return this.#output.next < this.#liveFrom;
  }
}
