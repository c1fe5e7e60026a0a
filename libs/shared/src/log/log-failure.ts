import { type AppError, reasonOf } from '../errors.ts';
import type { Logger } from './logger.ts';

/**
 * Logs a request that failed with a status of 500 or above, as one line. A failure of the program is an error, with the stack. A part of the
 * server that is unavailable is a warning with its reason; a machine that cannot serve the request is information.
 */
export const logFailure = (logger: Logger, error: AppError, request: object, message: string): void => {
  const line = { ...request, status: error.status, code: error.code };
  if (error.code === 'internal') logger.error({ ...line, err: error.cause ?? error }, message);
  else if (error.code === 'unavailable') logger.warn({ ...line, reason: reasonsOf(error) }, message);
  else logger.info({ ...line, reason: reasonsOf(error) }, message);
};

/** The message of the error and those of its causes. */
const reasonsOf = (error: Error): string => {
  const reasons = new Set([error.message]);
  for (let cause = error.cause; cause !== undefined && reasons.size < 5; cause = causeOf(cause))
    reasons.add(reasonOf(cause));
  return [...reasons].join(' ');
};

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);
