import { withinDeadline } from '@webxterm/contracts/deadline';

/** The value of a promise that an event resolves. @throws Error after `timeoutMs`, which says what was waited for */
export const inTime = <T>(what: string, promise: Promise<T>, timeoutMs = 15_000): Promise<T> =>
  withinDeadline(timeoutMs, promise, () => new Error(`${what}: not within ${timeoutMs} ms`));
