import type { Bed } from '../bed.ts';
import type { Row } from '../report.ts';

/** Rows that one measurement gives. */
export interface RowGroup {
  /** For --rows. */
  readonly name: string;
  /** One line for --list. */
  readonly about: string;
  measure(bed: Bed): Promise<Row[]>;
}
