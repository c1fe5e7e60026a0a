import { AppError, errorBody, errorHeaders, toAppError } from '@webxterm/shared';
import type { ErrorRequestHandler, RequestHandler } from 'express';

/** GET and HEAD; 405 for every other method. */
export const onlyReading: RequestHandler = (request, response, next) => {
  if (request.method === 'GET' || request.method === 'HEAD') return next();
  response.setHeader('allow', 'GET, HEAD');
  next(new AppError('method_not_allowed'));
};

/** Sends an error of the error catalog. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const known = error instanceof AppError ? error : (fromStatic(error) ?? toAppError(error));
  response
    .status(known.status)
    .set(errorHeaders(known))
    .json(errorBody(known, String(response.getHeader('x-request-id') ?? '')));
};

/** express.static reports a malformed path or a missing file as an error with a `status`. */
const fromStatic = (error: unknown): AppError | undefined => {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  if (error.status === 404) return new AppError('not_found');
  return error.status < 500 ? new AppError('bad_request') : undefined;
};
