import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import type { Guard } from '../guard/guard.ts';
import { assertMayLogIn } from './account.ts';
import type { ExitResult } from './controlled-start.ts';
import { findUser, type LinuxUser } from './linux-user.ts';
import { findLoginTools, type LoginTools } from './login-tools.ts';
import { readProcess } from './processes.ts';
import { Pty, type PtyEvents, type PtySize } from './pty.ts';
import { type Launch, type Purpose, runAs } from './run-as.ts';

export type ShellAccount = {
  linuxUser: string;
  allowSudo: boolean;
  /** uid of the agent process. */
  processUid: number;
  /** Told what the machine has to start programs with, each time that it is looked up. */
  onTools?: (tools: LoginTools) => void;
};

const assertExecutable = (file: string, user: string): void => {
  try {
    accessSync(file, constants.X_OK);
  } catch (error) {
    throw new Error(`${file}, the shell of ${user}, is not there or cannot be run.`, { cause: error });
  }
};

const groupsChanged =
  'The groups of this user have changed since the agent was started, and only root can take on others: restart the agent.';

/** Groups are those of the agent where it is the user itself: it has no right to take on others. */
const groupNotice = async (user: LinuxUser, processUid: number): Promise<string | undefined> => {
  if (processUid === 0 || process.getgroups === undefined) return undefined;
  const known = await promisify(execFile)('id', ['-G', '--', user.name], { timeout: 5000 }).then(
    ({ stdout }) => stdout.trim().split(' ').map(Number),
    () => undefined,
  );
  if (known === undefined) return undefined;
  const own = new Set([...process.getgroups(), process.getgid?.()]);
  return known.length === own.size && known.every((group) => own.has(group)) ? undefined : groupsChanged;
};

/** An agent that was started with another HOME than its account has hands it on, as every program does; a login would not. */
const keepsItsHome = (user: LinuxUser, { processUid }: ShellAccount): boolean =>
  user.uid === processUid && os.homedir() !== os.userInfo().homedir;

/**
 * Looks the account up and returns what starts its shell, or a command line in it (looked up each time: accounts change while
 * agents run).
 * @throws Error with a sentence for a person, also when nobody may log in as the user.
 */
export const prepareProgram = async (
  purpose: Purpose,
  account: ShellAccount,
): Promise<{ launch: Launch; user: LinuxUser }> => {
  const user = await findUser(account.linuxUser);
  if (user === undefined) throw new Error(`There is no user ${account.linuxUser} on this machine.`);
  await assertMayLogIn(user);
  assertExecutable(user.shell, user.name);
  const [found, notice] = await Promise.all([
    findLoginTools(),
    purpose.kind === 'login' ? groupNotice(user, account.processUid) : undefined,
  ]);
  account.onTools?.(found);
  const tools = keepsItsHome(user, account) ? { ...found, su: undefined } : found;
  return { launch: runAs(purpose, { user, tools, notice, ...account }), user };
};

/** Returns what starts the login shell. @throws Error with a sentence for a person */
export const prepareLoginShell = async (
  account: ShellAccount,
  guard: Guard,
): Promise<(events: PtyEvents, size: PtySize) => Pty> => {
  const { launch } = await prepareProgram({ kind: 'login' }, account);
  return (events, size) => {
    let takeFromGuard = (): void => undefined;
    const onEnd = (result: ExitResult): void => {
      takeFromGuard();
      events.onEnd(result);
    };
    const pty = new Pty(launch, size, { ...events, onEnd });
    const { pid } = pty;
    const startedAt = readProcess(pid)?.startedAt ?? 0;
    takeFromGuard = guard.hold({ kind: 'shell', pid, startedAt, heldBySu: launch.login !== undefined });
    return pty;
  };
};
