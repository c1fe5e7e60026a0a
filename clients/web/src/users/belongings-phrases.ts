import type { Belongings } from '../api/account-calls.ts';

const shownNames = 5;

/** A phrase such as "They own 7 machines: a, b, c, d, e and 2 more". */
export const machinesPhrase = (
  whoOwns: string,
  { machines, machine_names }: Pick<Belongings, 'machines' | 'machine_names'>,
): string => {
  const names = machine_names.slice(0, shownNames);
  const rest = machines - names.length;
  const count = machines === 1 ? 'a machine' : `${machines} machines`;
  return `${whoOwns} ${count}: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
};

/** A sentence about open sessions. Empty if there are none. */
export const terminalsPhrase = (whoHas: string, sessions: number): string => {
  if (sessions === 0) return '';
  return sessions === 1 ? `${whoHas} a session: it ends.` : `${whoHas} ${sessions} sessions: they end.`;
};
