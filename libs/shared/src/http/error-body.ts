import type { ErrorBody } from '@webxterm/contracts/rest';
import { AppError } from '../errors.ts';
import { isMongoUnavailable } from '../mongo/mongo-errors.ts';

/** Converts any error to an AppError. This is the only place that assigns codes to foreign errors. */
export const toAppError = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  if (isMongoUnavailable(error))
    return new AppError('unavailable', 'The database does not answer right now. Try again shortly.', { cause: error });
  return new AppError('internal', undefined, { cause: error });
};

/** The JSON body of an error response. */
export const errorBody = (error: AppError, requestId: string): ErrorBody => ({
  error: error.message,
  code: error.code,
  request_id: requestId,
  ...(error.details === undefined ? {} : { details: [...error.details] }),
  ...(error.secondFactor === undefined ? {} : { second_factor: error.secondFactor }),
});

/** The headers of an error response. */
export const errorHeaders = (error: AppError): Record<string, string> => ({
  'cache-control': 'no-store',
  ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfterSeconds)) }),
  ...(error.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
});
