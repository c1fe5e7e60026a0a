import { status } from '@grpc/grpc-js';
import { isErrorCode } from '@webxterm/contracts/errors';
import { AppError } from '@webxterm/shared';

/** Maps a failed unary call to a hub. `elsewhere`: this hub does not hold the link of the machine, or does not answer. */
export const hubFailure = (error: unknown): AppError | 'elsewhere' => {
  if (!(error instanceof Error) || !('code' in error) || !('details' in error))
    return new AppError('internal', undefined, { cause: error });
  const { code, details } = error;
  if (typeof details === 'string' && isErrorCode(details)) return new AppError(details);
  if (code === status.NOT_FOUND || code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) return 'elsewhere';
  return new AppError('internal', undefined, { cause: error });
};
