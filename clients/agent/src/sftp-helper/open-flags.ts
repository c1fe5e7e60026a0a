import { constants } from 'node:fs';

/** The flags of the request `open`. */
export const flags = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const;

/** Those of open(2). */
export const openFlags = (asked: number): number => {
  const has = (one: number): boolean => (asked & one) !== 0;
  const way = has(flags.read) ? (has(flags.write) ? constants.O_RDWR : constants.O_RDONLY) : constants.O_WRONLY;
  return (
    way |
    // A FIFO would keep the helper, with the reports of all other files, until somebody opens its other end.
    constants.O_NONBLOCK |
    (has(flags.append) ? constants.O_APPEND : 0) |
    (has(flags.create) ? constants.O_CREAT : 0) |
    (has(flags.truncate) ? constants.O_TRUNC : 0) |
    (has(flags.exclusive) ? constants.O_EXCL : 0)
  );
};
