import { withinDeadline } from '@webxterm/contracts/deadline';
import { AppError } from '@webxterm/shared';

/** What a read of the database gives. @throws AppError unavailable when it does not come within `deadlineMs` */
export const inTime = <T>(deadlineMs: number, read: Promise<T>): Promise<T> =>
  withinDeadline(
    deadlineMs,
    read,
    () => new AppError('unavailable', 'The database does not answer in time. Try again shortly.'),
  );
