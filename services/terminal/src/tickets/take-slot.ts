import type { AllowList } from '@webxterm/shared/bus';
import type { TerminalSlot } from '../attachment/open-terminal.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
import type { Admission } from './admission.ts';

/**
 * Takes a slot among the open terminals for an admitted caller. It takes the slot first and checks the sign-in after that. The end of a
 * sign-in closes its slots, so either that or this check notices a sign-in that ended while the ticket was redeemed.
 * @throws AppError too_many_terminals, unauthenticated, unavailable
 */
export const takeSlot = (
  terminals: Pick<OpenTerminals, 'enter'>,
  allowList: Pick<AllowList, 'require'>,
  admission: Admission,
): TerminalSlot => {
  const slot = terminals.enter(admission, admission.kind === 'pass');
  try {
    allowList.require(admission.sid);
    return slot;
  } catch (error) {
    slot.leave();
    throw error;
  }
};
