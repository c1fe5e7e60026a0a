import { AppError } from '@webxterm/shared';

/** What a read of the database gives. @throws AppError unavailable when it does not come within `deadlineMs` */
export const inTime = async <T>(deadlineMs: number, read: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new AppError('unavailable', 'The database does not answer in time. Try again shortly.')),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([read, late]);
  } finally {
    clearTimeout(timer);
  }
};
