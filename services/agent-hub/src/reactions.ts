import { MachineAccessEvent } from '@webxterm/contracts/bus';
import type { Parts } from './parts.ts';
import type { Lease } from './presence/lease.ts';

/** What follows from what: sign-ins, presence, figures, access and the bus's return each have their listeners here. */
export const wireReactions = (parts: Parts): void => {
  const { allowList, revocation, events, presence, activity, now } = parts;
  allowList.onChange((sidHash, entry) => {
    revocation.signinChanged(sidHash, entry);
    events.signinChanged(sidHash);
  });
  presence.onChange((agentId, online) => {
    const latest = activity.latest(agentId);
    events.tell('status', {
      agent_id: agentId,
      status: online ? 'online' : 'offline',
      last_active: latest?.lastActive ?? (online ? new Date(now()).toISOString() : null),
      resource_stats: latest?.stats ?? null,
    });
  });
  activity.onStats((event) => events.tell('stats', event));
  followAccess(parts);
  parts.sessionLists.answerWanted();
};

/** Whatever was told while the bus was away was missed: lease and entries are written again, every right is read again. */
export const wireReconnect = ({ busState, presence, revocation, sessionLists }: Parts, lease: Lease): void => {
  busState.onReconnect(() => {
    void lease.renew().then(() => presence.rewriteAll());
    void revocation.recheckAll();
    sessionLists.tellAgain();
  });
};

const followAccess = ({ bus, logger, events, revocation, settlement }: Parts): void => {
  bus.subscribe('machines.*.access', {
    callback: (error, message) => {
      if (error) return logger.error({ err: error }, 'access changes cannot be followed');
      try {
        const event = MachineAccessEvent.parse(message.json());
        events.accessChanged(event);
        void revocation.accessChanged(event.agent_id, event.user_id, event.role);
        void settlement.carryOut(event.agent_id);
      } catch (problem) {
        logger.error({ err: problem }, 'an access change does not have the agreed shape, ignoring it');
      }
    },
  });
};
