import { closeSync, constants, openSync } from 'node:fs';
import { describeError } from '../failure.ts';

const multiplexer = '/dev/ptmx';

/** Why no pseudo-terminal can be opened on this machine. Undefined: one can. */
export const whyNoTerminal = (device = multiplexer): string | undefined => {
  try {
    closeSync(openSync(device, constants.O_RDWR | constants.O_NOCTTY));
    return undefined;
  } catch (error) {
    return describeError(error);
  }
};

/** The message for the user of a shell that has no terminal. The native half only names the function that failed. */
export const noTerminal = (error: unknown, device = multiplexer): Error => {
  const why = whyNoTerminal(device);
  if (why === undefined) return error instanceof Error ? error : new Error(String(error));
  const message = `no terminal can be opened (${why}). "vsay-agent doctor" on the machine says what to do.`;
  return new Error(message, { cause: error });
};
