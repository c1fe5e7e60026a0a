import { withinDeadline } from '@webxterm/contracts/deadline';

/** Result of `promise` if it settles in time. @throws Error "no answer within N s" */
export const within = <T>(ms: number, promise: Promise<T>): Promise<T> =>
  withinDeadline(ms, promise, () => new Error(`no answer within ${ms / 1000} s`));
