import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import type { Guard } from '../guard/guard.ts';
import type { ProcessEvents, WindowSize } from '../session/session-kind.ts';
import { assertMayLogIn } from './account.ts';
import type { HandedShell } from './adopted-child.ts';
import type { ExitResult } from './controlled-start.ts';
import type { LinuxUser } from './linux-user.ts';
import { findAllowedUser } from './linux-users.ts';
import { findLoginTools, type LoginTools } from './login-tools.ts';
import { readProcess } from './processes.ts';
import { Pty } from './pty.ts';
import { type Launch, type Purpose, runAs } from './run-as.ts';

export type ShellAccount = {
  /** The accounts that programs may run as: see `allowedUsers`. */
  linuxUsers: readonly string[];
  allowSudo: boolean;
  /** uid of the agent process. */
  processUid: number;
  /** Called with the available login tools each time they are looked up. */
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

/** An agent that runs as the user cannot change its groups, so they may be outdated. */
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

/** Whether the agent has another HOME than its account. Programs pass HOME on to their children, but a login would reset it. */
const keepsItsHome = (user: LinuxUser, { processUid }: ShellAccount): boolean =>
  user.uid === processUid && os.homedir() !== os.userInfo().homedir;

/**
 * Looks up the account and returns the launch of its shell, or of a command line in it. The lookup is repeated each time, because accounts
 * change while agents run. `linuxUser`: the requested account, empty for the default.
 * @throws LinuxUserRefused; Error with a message for the user, also if logins are refused
 */
export const prepareProgram = async (
  purpose: Purpose,
  account: ShellAccount,
  linuxUser: string,
): Promise<{ launch: Launch; user: LinuxUser }> => {
  const user = await findAllowedUser(account.linuxUsers, linuxUser);
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

/** Returns a function that starts the login shell. @throws LinuxUserRefused; Error with a message for the user */
export const prepareLoginShell = async (
  account: ShellAccount,
  linuxUser: string,
  guard: Guard,
): Promise<(events: ProcessEvents, size: WindowSize) => Pty> => {
  const { launch } = await prepareProgram({ kind: 'login' }, account, linuxUser);
  return (events, size) => guarded(launch, size, events, guard);
};

/** Continues a shell that an earlier agent process started. */
export const adoptShell = (handed: HandedShell, events: ProcessEvents, guard: Guard): Pty =>
  // The terminal keeps its size.
  guarded(handed, { cols: 0, rows: 0 }, events, guard);

/** A shell that ends if this process is killed. */
const guarded = (shell: Launch | HandedShell, size: WindowSize, events: ProcessEvents, guard: Guard): Pty => {
  let takeFromGuard = (): void => undefined;
  const onEnd = (result: ExitResult): void => {
    takeFromGuard();
    events.onEnd(result);
  };
  const pty = new Pty(shell, size, { ...events, onEnd });
  const { pid } = pty;
  const startedAt = readProcess(pid)?.startedAt ?? 0;
  takeFromGuard = guard.hold({ kind: 'shell', pid, startedAt, heldBySu: shell.login !== undefined });
  return pty;
};
