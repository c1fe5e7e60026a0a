import { busMacPurposes } from '@webxterm/contracts/bus';
import { userLookUps } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import { MacKey } from '@webxterm/shared/bus';
import type { LinkParts } from '../agent-links/wiring.ts';
import type { AttachmentParts } from '../attachments/wiring.ts';
import type { Core } from '../core.ts';
import { Groups } from '../groups/groups.ts';
import { mountGroups } from '../groups/http.ts';
import { AccessChanges } from './access-changes.ts';
import { AccessEvents } from './access-events.ts';
import { Explain } from './explain.ts';
import { GrantEnds } from './grant-ends.ts';
import { GroupGrants } from './group-grants.ts';
import { mountAccess } from './http.ts';
import { MachineUses } from './machine-uses.ts';
import { OwnAccess } from './own-access.ts';
import { PendingTerminations } from './pending-terminations.ts';
import { People } from './people.ts';
import { Sharing } from './sharing.ts';
import { TagGrants } from './tag-grants.ts';
import { mountTeamGrants } from './team-http.ts';
import { TerminationDelivery } from './termination-delivery.ts';
import { UserGrants } from './user-grants.ts';

export type AccessParts = ReturnType<typeof wireAccess>;

/** Users' access to machines, its changes, the terminations that follow from them, and the routes. */
export const wireAccess = (parts: Core & LinkParts & AttachmentParts) => {
  const { settings, models, bus, logger, now, revocation } = parts;
  const amongHubs = new MacKey(settings.LINK_KEY, busMacPurposes.amongHubs);
  const people = new People(models.people);
  const pending = new PendingTerminations(models.terminations, now);
  const accessEvents = new AccessEvents(bus, logger, amongHubs, now);
  const grants = { userGrants: new UserGrants(models), uses: new MachineUses(models.machineUses) };
  const accessChanges = new AccessChanges({ ...parts, ...grants, pending, accessEvents });
  const grantEnds = new GrantEnds({ ...parts, ...grants, pending, accessChanges });
  // One for all that look users up by name, so that nobody gets the limit of each.
  const lookUps = userLookUps(now);
  const base = { ...parts, people, pending, accessEvents, accessChanges, grantEnds, lookUps };
  const granting = { ...base, stackUser: settings.STACK_USER };
  const sharing = new Sharing(granting);
  const ownAccess = new OwnAccess(base);
  return {
    amongHubs,
    people,
    pending,
    accessEvents,
    accessChanges,
    terminations: new TerminationDelivery({
      ...base,
      onPending: (agentId) => void revocation.accessChanged(agentId, null),
    }),
    mountAccess: (api: Api): void => {
      mountAccess(api, { ...base, sharing, ownAccess });
      mountGroups(api, { groups: new Groups(base) });
      const teamGrants = { groupGrants: new GroupGrants(granting), tagGrants: new TagGrants(granting) };
      mountTeamGrants(api, { ...teamGrants, explain: new Explain(base) });
    },
  };
};
