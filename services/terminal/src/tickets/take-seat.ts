import type { AllowList } from '@webxterm/shared/bus';
import type { Seat } from '../attachment/open-terminal.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
import type { Admission } from './admission.ts';

/**
 * A place among the open terminals for whoever was admitted. The place is taken first and the sign-in read after that: the end of a
 * sign-in goes over the places, so that one that came while a ticket was redeemed is found by one of the two.
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
