import { AppError } from '@webxterm/shared';

/** The answer to a signed-in user, whose sign-in goes on. */
export const wrongCode = (): AppError =>
  new AppError('invalid_input', 'The code is wrong, or was used already.', {
    details: [{ path: 'code', message: 'is wrong, or was used already' }],
  });
