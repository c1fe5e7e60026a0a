import { PeriodicTask, RatePerKey, reasonOf, userLookUps } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import type { MachineCalls } from '../sessions/machine-calls.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { TicketParts } from '../tickets/wiring.ts';
import { mountShares } from './http.ts';
import { ShareStore } from './store.ts';
import { Visits } from './visits.ts';

/** How often the shares of the guests at this instance are read, in ms: another instance may have ended one. */
const readEveryMs = 400;

export interface SharingWiring extends Core, Pick<TicketParts, 'ticketKey'> {
  readonly store: SessionStore;
  readonly machines: MachineCalls;
}

/** The shares of sessions, their guests, and their routes. */
export const wireSharing = (parts: SharingWiring) => {
  const { models, ticketKey, logger, now } = parts;
  const shares = new ShareStore(models.shares, ticketKey, now);
  const visits = new Visits(parts);
  const reading = new PeriodicTask(readEveryMs, async () => {
    const ids = visits.shareIds;
    if (ids.length === 0) return;
    try {
      for (const id of await shares.ended(ids)) visits.end(id);
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'shares cannot be read, retrying');
    }
  });
  return {
    shares,
    visits,
    mountSharing: (api: Api): void =>
      mountShares(api, {
        ...parts,
        shares,
        visits,
        sessions: parts.store,
        lookUps: userLookUps(now),
        tries: new RatePerKey(
          { burst: 20, perSecond: 0.1 },
          'You tried too many links in a short time. Try again in a minute.',
          now,
        ),
      }),
    startSharing: (): void => reading.start(),
    stopSharing: (): Promise<void> => reading.stop(),
  };
};
