import { spawn } from 'node:child_process';
import { chmodSync, chownSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { Duplex } from 'node:stream';
import type { TerminalChild } from './adopted-child.ts';
import { ControlledStart, childOf, type ExitResult, exitOf } from './controlled-start.ts';
import type { NativePty } from './native-pty.ts';
import { readProcess } from './processes.ts';
import type { Launch } from './run-as.ts';
import { signalShell } from './signals.ts';
import { record } from './utmp.ts';

type ChildEvents = { onNotice(text: string): void; onExit(result: ExitResult): void };

/** Wait for the last message of su in the channel after its exit. Limited, because a PAM daemon may keep the channel open. */
const lastWordsMs = 200;

/** As grantpt(3) and sshd do: the terminal belongs to the user, and the group tty may write to it (write, wall) if that group exists. */
export const giveTerminal = (terminal: string, uid: number): void => {
  const { gid } = statSync(terminal);
  // Sets the mode first, because changing it needs a further right once the user owns the terminal.
  chmodSync(terminal, gid === 0 ? 0o600 : 0o620);
  chownSync(terminal, uid, gid);
};

/** Opens a terminal without a process: its master, its name, and its slave, which is not yet a controlling terminal. */
const openTerminal = (native: NativePty, cols: number, rows: number) => {
  const { master, slave, pty } = native.open(cols, rows);
  // The slave is opened again, because the original one is non-blocking and a program would inherit that.
  const terminal = openSync(pty, constants.O_RDWR | constants.O_NOCTTY);
  closeSync(slave);
  return { master, terminal, name: pty };
};

/** Starts a shell whose session su holds, on a terminal that belongs to the user, and records the login for who(1). @throws Error */
export const startLogin = (
  native: NativePty,
  launch: Launch & { login: string },
  size: { cols: number; rows: number },
  events: ChildEvents,
): TerminalChild => {
  const { master, terminal, name } = openTerminal(native, size.cols, size.rows);
  try {
    if (launch.terminalOf !== undefined) giveTerminal(name, launch.terminalOf);
    const { file, args, env, cwd } = launch;
    const child = spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', terminal, terminal, 'pipe'] });
    child.on('error', () => undefined);
    const { pid } = child;
    if (pid === undefined) throw new Error(`${file} cannot be run.`);
    const login = { line: name.replace(/^\/dev\//, ''), pid, user: launch.login };
    const arrived = (): void => {
      login.pid = childOf(pid) ?? pid;
      record({ ...login, kind: 'login', nowMs: Date.now() });
    };
    const channel = child.stdio[3];
    if (!(channel instanceof Duplex)) throw new Error('There is no channel to the shell that starts.');
    const start = new ControlledStart(channel, { onNotice: events.onNotice, onArrived: arrived });
    child.on('exit', (code, signal) => {
      if (start.arrived) record({ ...login, kind: 'logout', nowMs: Date.now() });
      const end = (): void => {
        clearTimeout(timer);
        channel.off('close', end);
        start.close();
        events.onExit(exitOf(code, signal, start.said));
      };
      const timer = setTimeout(end, lastWordsMs);
      channel.once('close', end);
      if (channel.closed) end();
    });
    const startedAt = readProcess(pid)?.startedAt ?? 0;
    return {
      pid,
      fd: master,
      kill: (signal) => signalShell(pid, signal),
      handOver: () => (start.arrived ? { pid, fd: master, startedAt, login } : undefined),
    };
  } catch (error) {
    closeSync(master);
    throw error;
  } finally {
    closeSync(terminal);
  }
};
