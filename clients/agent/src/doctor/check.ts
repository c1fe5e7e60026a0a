import { describeError } from '../failure.ts';

export type CheckState = 'ok' | 'warning' | 'failure';

/** The result of one check of `vsay-agent doctor`. `remedy` is empty if nothing has to be done. */
export type Check = { name: string; state: CheckState; text: string; remedy: string };

/** The result of a check before it has its name. */
export type Outcome = Omit<Check, 'name'>;

export const ok = (text: string): Outcome => ({ state: 'ok', text, remedy: '' });
export const warning = (text: string, remedy: string): Outcome => ({ state: 'warning', text, remedy });
export const failure = (text: string, remedy: string): Outcome => ({ state: 'failure', text, remedy });

/** Runs a check. An unexpected error is its failure, so that the other checks still run. */
export const check = async (name: string, run: () => Promise<Outcome> | Outcome): Promise<Check> => {
  try {
    return { name, ...(await run()) };
  } catch (error) {
    return { name, ...failure(describeError(error), 'Correct this, then run "vsay-agent doctor" again.') };
  }
};
