import type { Run, RunCounts, RunStopCause, RunTarget } from '@webxterm/contracts/rest';
import { variableName } from '@webxterm/contracts/variable-name';

export interface Shown {
  readonly text: string;
  readonly color: string;
}

/** The answer of a machine of a run, in one or two words. */
export const targetWords = ({ state, exit_code, signal }: Pick<RunTarget, 'state' | 'exit_code' | 'signal'>): Shown => {
  switch (state) {
    case 'waiting':
      return { text: 'Waiting', color: 'gray' };
    case 'sent':
      return { text: 'Sent', color: 'blue' };
    case 'running':
      return { text: 'Running', color: 'blue' };
    case 'timed_out':
      return { text: 'Timed out', color: 'red' };
    case 'cancelled':
      return { text: 'Cancelled', color: 'gray' };
    case 'unreachable':
      return { text: 'Unreachable', color: 'yellow' };
    case 'not_started':
      return { text: 'Not started', color: 'yellow' };
    case 'ended':
      if (signal !== null) return { text: signal, color: 'red' };
      return exit_code === 0 ? { text: 'Done', color: 'green' } : { text: `Exit ${exit_code ?? '?'}`, color: 'red' };
  }
};

export const runWords = ({ state, cause, counts }: Pick<Run, 'state' | 'cause' | 'counts'>): Shown => {
  if (state === 'running') return { text: 'Running', color: 'blue' };
  if (state === 'cancelling') return { text: 'Stopping', color: 'yellow' };
  if (cause !== null) return { text: 'Stopped', color: 'yellow' };
  return counts.succeeded === counts.total ? { text: 'Done', color: 'green' } : { text: 'With failures', color: 'red' };
};

export const causeSentence: Readonly<Record<RunStopCause, string>> = {
  cancelled: 'This run was cancelled.',
  too_many_failures: 'This run stopped after too many failures. Commands in progress went on.',
  signin_ended: 'This run stopped because the sign-in or access token that started it ended.',
  user_disabled: 'This run stopped because the account that started it is disabled.',
  too_long: 'This run stopped because it took too long.',
};

/** The machines of a run that failed, were not started or could not be reached. */
export const failuresOf = ({ failed, timed_out, unreachable, not_started }: RunCounts): number =>
  failed + timed_out + unreachable + not_started;

export const machineCount = (count: number): string => (count === 1 ? '1 machine' : `${count} machines`);

const parts = [
  ['succeeded', 'done'],
  ['failed', 'failed'],
  ['timed_out', 'timed out'],
  ['unreachable', 'unreachable'],
  ['not_started', 'not started'],
  ['cancelled', 'cancelled'],
  ['running', 'running'],
  ['sent', 'sent'],
  ['waiting', 'waiting'],
] as const satisfies readonly (readonly [keyof RunCounts, string])[];

/** Such as "3 done, 1 failed, 2 waiting". */
export const countWords = (counts: RunCounts): string =>
  parts.flatMap(([key, word]) => (counts[key] === 0 ? [] : [`${counts[key]} ${word}`])).join(', ');

/** The first line of a command, for lists. */
export const firstLine = (command: string): string => {
  const lines = command.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#!'));
  const [first = command] = lines;
  return lines.length > 1 ? `${first} …` : first;
};

/** `NAME=value`, one a line. @returns the wrong line if there is one */
export const readVariables = (text: string): { variables: Record<string, string> } | { wrong: string } => {
  const variables: Record<string, string> = {};
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*([^=]*)=(.*)$/.exec(line) ?? [];
    if (!variableName.test(name)) return { wrong: line };
    variables[name] = value;
  }
  return { variables };
};
