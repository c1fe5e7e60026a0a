import type { Machine } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import type { TerminalState } from '@webxterm/terminal-client';
import { endSentence } from './sentences.ts';

/** The text of the line below a terminal, and the actions of the user. */
export interface StateWords {
  readonly sentence: string;
  /** Label of the button that attaches again. */
  readonly again?: string;
  /** A new shell can be opened here. */
  readonly newShell?: boolean;
  /** A link to the page where the user can go on. */
  readonly wayOn?: { readonly label: string; readonly to: string };
}

interface Place {
  /** Undefined: not known, or no access. */
  readonly machine: Pick<Machine, 'agent_id' | 'status'> | undefined;
  /** This tab had a shell that may still run. */
  readonly hadShell: boolean;
  /** The owner of the session, if this is a guest. */
  readonly guestOf?: string | undefined;
  /** How long the session may be unused, in seconds, if the machine has said it. */
  readonly idleLimit?: number | undefined;
}

const allMachines = { label: 'All machines', to: '/' } as const;
const mySessions = { label: 'My sessions', to: '/sessions' } as const;

export const wordsFor = (state: TerminalState, place: Place): StateWords => {
  if (place.guestOf !== undefined) return wordsForGuest(state, place.guestOf);
  switch (state.state) {
    case 'connecting':
      return { sentence: 'Connecting…' };
    case 'live':
      return { sentence: 'Connected' };
    case 'reconnecting':
      return { sentence: 'Reconnecting. Your shell keeps running, and what you type is kept.' };
    case 'unreachable':
      return offline(place);
    case 'ended':
      return afterEnd(state, place.idleLimit);
    case 'refused':
      return afterRefusal(state);
  }
};

/** A guest opens no shell and knows no machine. */
const wordsForGuest = (state: TerminalState, owner: string): StateWords => {
  switch (state.state) {
    case 'connecting':
      return { sentence: 'Connecting…' };
    case 'live':
      return { sentence: `Terminal of ${owner}` };
    case 'reconnecting':
      return { sentence: 'Reconnecting.' };
    case 'unreachable':
      return { sentence: 'The machine is offline. The terminal is here again when it is back.', wayOn: mySessions };
    case 'ended':
      return { sentence: `The terminal of ${owner} has ended.`, wayOn: mySessions };
    case 'refused':
      return afterRefusalOfGuest(state);
  }
};

const afterRefusalOfGuest = (state: Extract<TerminalState, { state: 'refused' }>): StateWords => {
  const { code, message } = state;
  if (code === 'displaced' || code === 'unauthenticated') return afterRefusal(state);
  const over = code === 'share_not_found' || code === 'session_not_found';
  return { sentence: plainText(message, 300), wayOn: mySessions, ...(!over && { again: 'Try again' }) };
};

const offline = ({ machine, hadShell }: Place): StateWords => {
  if (machine?.status === 'pending')
    return {
      sentence: 'This machine has never connected. Install its agent, and a shell opens here.',
      wayOn: { label: 'How to connect it', to: `/machines/${machine.agent_id}` },
    };
  if (hadShell)
    return { sentence: 'The machine is offline. Your shell is here again when it is back.', wayOn: allMachines };
  return { sentence: 'The machine is offline. A shell opens when it is back.', wayOn: allMachines };
};

/** Ends after which this machine opens no other shell for the user. */
const finalCauses: readonly string[] = ['access_revoked', 'machine_deleted', 'user_disabled'];

const afterEnd = (state: Extract<TerminalState, { state: 'ended' }>, idleLimit: number | undefined): StateWords => {
  const text = endSentence(state, idleLimit);
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return finalCauses.includes(state.cause) ? { sentence, wayOn: allMachines } : { sentence, newShell: true };
};

const afterRefusal = ({ code, message }: Extract<TerminalState, { state: 'refused' }>): StateWords => {
  switch (code) {
    case 'displaced':
      return { sentence: 'This shell was taken over in another window or tab.', again: 'Use it here' };
    case 'unauthenticated':
      return {
        sentence: 'Your sign-in has ended. Your shells keep running.',
        wayOn: { label: 'Sign in again', to: '/login' },
      };
    case 'machine_not_found':
      // Also at an end of access, which the message names.
      return { sentence: plainText(message, 300), wayOn: allMachines };
    case 'view_only':
    case 'forbidden':
      return {
        sentence: 'You may see this machine, but not open a terminal on it. Its owner can change that.',
        wayOn: allMachines,
      };
    case 'user_disabled':
      return { sentence: plainText(message, 300) };
    case 'session_not_found':
      return { sentence: plainText(message, 300), newShell: true };
    default:
      return { sentence: plainText(message, 300), again: 'Try again', ...(isLimit(code) && { wayOn: mySessions }) };
  }
};

const isLimit = (code: string): boolean => code.startsWith('too_many_');
