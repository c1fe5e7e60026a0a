import { randomInt } from 'node:crypto';
import { AppError, ConfigError, type Logger } from '@webxterm/shared';
import type { Accounts } from './accounts.ts';
import type { UserStore } from './user-store.ts';

export interface FirstAdmin {
  readonly email: string | undefined;
  readonly password: string | undefined;
}

/**
 * Creates the administrator of a new installation before any user can sign up. If one exists, it does nothing, so every instance may call
 * it at every start.
 * @throws ConfigError when there is no administrator and the settings name none
 */
export const ensureAdmin = async (
  users: Pick<UserStore, 'hasAdmin'>,
  accounts: Pick<Accounts, 'makeAdmin'>,
  admin: FirstAdmin,
  logger: Logger,
): Promise<void> => {
  if (await users.hasAdmin()) return;
  const { email, password } = admin;
  if (email === undefined || password === undefined)
    throw new ConfigError('auth', [
      'ADMIN_EMAIL, ADMIN_PASSWORD: there is no administrator yet; set both for the first one (ADMIN_PASSWORD_FILE may hold the password)',
    ]);
  for (const username of ['admin', `admin-${randomInt(1000, 10_000)}`]) {
    try {
      await accounts.makeAdmin({ username, email, password });
      logger.info({ email }, 'created the first administrator');
      return;
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== 'email_taken' && error.code !== 'username_taken'))
        throw error;
      // Another instance was faster, or another user has the name.
      if (await users.hasAdmin()) return;
      if (error.code === 'email_taken')
        throw new ConfigError('auth', [
          'ADMIN_EMAIL: there is no enabled administrator, and this address belongs to a user who is not one; ' +
            'give another address, or promote them: npm run admin -- promote EMAIL',
        ]);
    }
  }
};
