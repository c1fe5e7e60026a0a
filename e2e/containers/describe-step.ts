import type { StepResult } from '../support/watched-terminals.ts';

/** One line about a step, for people. */
export const describeStep = ({ step, broken, worstReconnectMs, worstPauseMs, signIns }: StepResult): string => {
  const back =
    broken === 0 ? 'no viewer noticed' : `${broken} viewers came back, the last within ${worstReconnectMs} ms`;
  const signed = signIns.refused === 0 ? '' : `, ${signIns.refused} refused`;
  return `${step}: ${back}; longest pause of output ${worstPauseMs} ms; ${signIns.answered} sign-ins${signed}`;
};
