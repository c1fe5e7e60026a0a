import * as v from 'valibot';
import type { Guard } from '../guard/guard.ts';
import type { TerminalKind } from '../session/session-kind.ts';
import { HandedShell } from './adopted-child.ts';
import { adoptShell, prepareLoginShell, type ShellAccount } from './login-shell.ts';

/** Sessions of kind `pty`: the login shell of the account on a pseudo-terminal. */
export const ptyKind = (account: ShellAccount, guard: Guard): TerminalKind => ({
  name: 'pty',
  output: 'terminal',
  notStarted: { code: 'shell_not_started', what: 'a shell' },
  prepare: (linuxUser) => prepareLoginShell(account, linuxUser, guard),
  adopt: (handed, events) => adoptShell(v.parse(HandedShell, handed), events, guard),
});
