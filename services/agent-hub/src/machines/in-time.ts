import { withinDeadline } from '@webxterm/contracts/deadline';
import { AppError } from '@webxterm/shared';

/** The result of a database operation. @throws AppError unavailable if it takes longer than `deadlineMs` */
export const inTime = <T>(deadlineMs: number, read: Promise<T>): Promise<T> =>
  withinDeadline(
    deadlineMs,
    read,
    () => new AppError('unavailable', 'The database did not answer in time. Try again shortly.'),
  );
