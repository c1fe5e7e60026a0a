import { busMacPurposes } from '@webxterm/contracts/bus';
import type { Api } from '@webxterm/shared/api';
import { MacKey } from '@webxterm/shared/bus';
import type { LinkParts } from '../agent-links/wiring.ts';
import type { AttachmentParts } from '../attachments/wiring.ts';
import type { Core } from '../core.ts';
import { AccessEvents } from './access-events.ts';
import { mountAccess } from './http.ts';
import { OwnAccess } from './own-access.ts';
import { PendingTerminations } from './pending-terminations.ts';
import { People } from './people.ts';
import { Sharing } from './sharing.ts';
import { TerminationDelivery } from './termination-delivery.ts';

export type AccessParts = ReturnType<typeof wireAccess>;

/** Users' access to machines, its changes, the terminations that follow from them, and the routes. */
export const wireAccess = (parts: Core & LinkParts & AttachmentParts) => {
  const { settings, models, bus, logger, now, revocation } = parts;
  const amongHubs = new MacKey(settings.LINK_KEY, busMacPurposes.amongHubs);
  const people = new People(models.people);
  const pending = new PendingTerminations(models.terminations, now);
  const accessEvents = new AccessEvents(bus, logger, amongHubs, now);
  const base = { ...parts, people, pending, accessEvents };
  const sharing = new Sharing({ ...base, stackUser: settings.STACK_USER });
  const ownAccess = new OwnAccess(base);
  return {
    amongHubs,
    people,
    pending,
    accessEvents,
    terminations: new TerminationDelivery({
      ...base,
      onPending: (agentId) => void revocation.accessChanged(agentId, null),
    }),
    mountAccess: (api: Api): void => mountAccess(api, { ...base, sharing, ownAccess }),
  };
};
