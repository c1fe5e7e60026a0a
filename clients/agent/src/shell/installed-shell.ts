import { access, constants } from 'node:fs/promises';
import { exitCode, Failure } from '../failure.ts';
import type { LinuxUser } from './linux-user.ts';

/** @throws Failure if the login shell of this account cannot be run, because every terminal would end at once */
export const requireShell = ({ name, shell }: Pick<LinuxUser, 'name' | 'shell'>): Promise<void> =>
  access(shell, constants.X_OK).catch(() => {
    throw new Failure(
      `The login shell of ${name}, ${shell}, is not installed: install it, or give ${name} another ("chsh -s /bin/bash ${name}").`,
      exitCode.usage,
    );
  });
