import { plainText } from '@webxterm/contracts/text';
import type { TerminalState } from '@webxterm/terminal-client';
import { plainDuration } from '../layout/format.ts';

type Ended = Extract<TerminalState, { state: 'ended' }>;

/** The end of a shell as text, such as "shell exited with code 3". */
export const endSentence = (
  ended: Pick<Ended, 'cause' | 'exitCode' | 'signal'>,
  /** How long the session might be unused, if the machine has said it. */
  idleLimitSeconds?: number,
): string => {
  switch (ended.cause) {
    case 'shell_exit':
      return howItWent(ended);
    case 'ended_by_user':
      return 'session ended by you or an administrator';
    case 'access_revoked':
      return 'session ended: you may no longer open terminals on this machine';
    case 'machine_deleted':
      return 'session ended: the machine was removed';
    case 'user_disabled':
      return 'session ended: the account is disabled';
    case 'detach_timeout':
      return 'session ended: nobody was attached for too long';
    case 'idle_timeout':
      return idleLimitSeconds === undefined
        ? 'session ended: it was not used for too long'
        : `session ended after ${plainDuration(idleLimitSeconds)} without use`;
    case 'agent_stopped':
      return 'session ended: the agent on the machine was stopped';
    case 'spawn_failed':
      return 'the shell could not be started';
    case 'unknown':
      return 'this session is over: the machine does not know it any more';
  }
};

const howItWent = ({ exitCode, signal }: Pick<Ended, 'exitCode' | 'signal'>): string => {
  if (signal !== undefined) return `shell ended by signal ${plainText(signal, 32)}`;
  return exitCode === undefined ? 'shell exited' : `shell exited with code ${exitCode}`;
};

/** Size as text, such as "512 B" or "1.2 MB". */
export const byteCount = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
};
