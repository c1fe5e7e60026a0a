import type { LinkParts } from '../agent-links/wiring.ts';
import type { Core } from '../core.ts';
import { PresenceEntries } from './entries.ts';
import { Lease } from './lease.ts';
import { Presence } from './presence.ts';

export type PresenceParts = ReturnType<typeof wirePresence>;

/** Which machines are online, and the entries by which other hubs and the terminal service find this hub. */
export const wirePresence = (parts: Core & LinkParts) => {
  const { settings, bus, busState, logger, hubId, links, now } = parts;
  const entries = new PresenceEntries({ ...parts, address: settings.INTERNAL_ADDRESS });
  return {
    presence: new Presence({ ...parts, entries, table: links, isCurrent: () => busState.connected }),
    startLease: async (): Promise<Lease> => {
      const startedAt = new Date(now()).toISOString();
      const lease = new Lease(bus, logger, {
        hub_id: hubId,
        address: settings.INTERNAL_ADDRESS,
        started_at: startedAt,
      });
      await lease.start();
      return lease;
    },
  };
};
