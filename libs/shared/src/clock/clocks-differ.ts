import { AppError } from '../errors.ts';

/** The error while the clocks differ too much. */
export const clocksDiffer = (cause?: unknown): AppError =>
  new AppError(
    'unavailable',
    'The clocks of the servers differ by too much. Their logs show an administrator which one is wrong.',
    { cause },
  );
