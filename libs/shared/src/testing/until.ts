const pollMs = 20;

/**
 * Polls until the condition holds. An exception counts as false.
 * @throws Error after `timeoutMs`, with the source of the condition and its last exception
 */
export const until = async (holds: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end)
      throw new Error(
        `this did not come to hold within ${timeoutMs} ms: ${holds}`,
        last === undefined ? {} : { cause: last },
      );
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
};
