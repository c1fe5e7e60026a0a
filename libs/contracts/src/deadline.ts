/**
 * What `work` gives, where it comes within `ms`. The work itself goes on when it is late, and what becomes of it then is not reported.
 * @throws what `late` makes when it did not come; what the work throws before
 */
export const withinDeadline = async <T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
};
