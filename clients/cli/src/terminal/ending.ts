import { constants } from 'node:os';
import { plainText } from '@webxterm/contracts/text';
import type { TerminalState } from '@webxterm/terminal-client';
import { exitCode } from '../failure.ts';

/** How a terminal was left: the exit code of vsay, and a sentence for the user if the end was not that of the shell. */
export interface Ending {
  readonly exitCode: number;
  readonly sentence?: string;
}

/** 128 + the number of the signal, as shells report it. */
export const codeOfSignal = (signal: string): number => {
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? exitCode.failure : 128 + number;
};

/** Signals at which vsay ends, with the exit code of `codeOfSignal`. */
export const endingSignals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

const causes: Readonly<Record<Extract<TerminalState, { state: 'ended' }>['cause'], string>> = {
  shell_exit: '',
  ended_by_user: 'The session was ended by you or an administrator.',
  access_revoked: 'The session has ended: you may no longer open terminals on this machine.',
  machine_deleted: 'The session has ended: the machine was removed.',
  user_disabled: 'The session has ended: the account is disabled.',
  detach_timeout: 'The session has ended: nobody was attached for too long.',
  idle_timeout: 'The session has ended: it was not used for too long.',
  agent_stopped: 'The session has ended: the agent on the machine was stopped.',
  spawn_failed: 'The shell could not be started.',
  unknown: 'The session is over: the machine does not know it any more.',
};

export const endingOf = (ended: Extract<TerminalState, { state: 'ended' }>): Ending => {
  if (ended.cause !== 'shell_exit') return { exitCode: exitCode.failure, sentence: causes[ended.cause] };
  if (ended.signal !== undefined)
    return {
      exitCode: codeOfSignal(ended.signal),
      sentence: `The shell was ended by ${plainText(ended.signal, 32)}.`,
    };
  return { exitCode: ended.exitCode ?? 0 };
};
