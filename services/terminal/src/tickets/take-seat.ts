import type { AllowList } from '@webxterm/shared/bus';
import type { Seat } from '../attachment/open-terminal.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
import type { Admission } from './admission.ts';

/**
 * Takes a seat among the open terminals for an admitted caller. It takes the seat first and checks the sign-in after that. The end of a
 * sign-in closes its seats, so either that or this check notices a sign-in that ended while the ticket was redeemed.
 * @throws AppError too_many_terminals, unauthenticated, unavailable
 */
export const takeSeat = (
  terminals: Pick<OpenTerminals, 'enter'>,
  allowList: Pick<AllowList, 'require'>,
  admission: Admission,
): Seat => {
  const seat = terminals.enter(admission, admission.kind === 'pass');
  try {
    allowList.require(admission.sid);
    return seat;
  } catch (error) {
    seat.leave();
    throw error;
  }
};
