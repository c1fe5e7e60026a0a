import { accessSync, constants } from 'node:fs';
import { findUser } from './linux-user.ts';
import { Pty, type PtyEvents, type PtySize } from './pty.ts';
import { runAs } from './run-as.ts';

export type ShellAccount = {
  linuxUser: string;
  allowSudo: boolean;
  /** uid of the agent process. */
  processUid: number;
};

const assertExecutable = (file: string, user: string): void => {
  try {
    accessSync(file, constants.X_OK);
  } catch (error) {
    throw new Error(`${file}, the shell of ${user}, is not there or cannot be run.`, { cause: error });
  }
};

/**
 * Looks the account up and returns what starts its login shell (looked up each time: accounts change while agents run).
 * @throws Error with a sentence for a person.
 */
export const prepareLoginShell = async (account: ShellAccount): Promise<(events: PtyEvents, size: PtySize) => Pty> => {
  const user = await findUser(account.linuxUser);
  if (user === undefined) throw new Error(`There is no user ${account.linuxUser} on this machine.`);
  assertExecutable(user.shell, user.name);
  const launch = runAs([user.shell, '-l'], { user, ...account });
  return (events, size) => new Pty(launch, size, events);
};
