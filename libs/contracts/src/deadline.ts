/**
 * Result of `work` if it settles within `ms`. Late work continues, and its result is ignored.
 * @throws the error that `late` creates, after the deadline; any error of `work` before it
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
