import { AppError } from '../errors.ts';

/** What is answered while the clocks differ by too much. */
export const clocksDiffer = (cause?: unknown): AppError =>
  new AppError(
    'unavailable',
    'The clocks of the servers differ by too much. An administrator finds which one in their logs.',
    { cause },
  );
