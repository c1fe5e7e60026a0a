import { MachineAccessEvent, machineAccessWildcard } from '@webxterm/contracts/bus';
import { MessageReader } from '@webxterm/shared/bus';
import type { Parts } from './parts.ts';
import type { Lease } from './presence/lease.ts';

/** Connects changes of sign-ins, presence, stats and access with the parts that react to them. */
export const wireReactions = (parts: Parts): void => {
  const { allowList, revocation, events, presence, activity, now } = parts;
  allowList.onChange((sidHash, entry) => {
    revocation.signinChanged(sidHash, entry);
    events.signinChanged(sidHash);
  });
  presence.onChange((agentId, online) => {
    const latest = activity.latest(agentId);
    events.send('status', {
      agent_id: agentId,
      status: online ? 'online' : 'offline',
      last_active: latest?.lastActive ?? (online ? new Date(now()).toISOString() : null),
      resource_stats: latest?.stats ?? null,
    });
  });
  activity.onStats((event) => events.send('stats', event));
  followAccess(parts);
  parts.sessionLists.answerWanted();
};

/**
 * After a bus outage messages were missed, so all rights are checked again. Whenever the bucket of presence was read again, after an outage
 * or because it was lost, the lease and the entries are written again.
 */
export const wireReconnect = ({ busState, view, presence, revocation, sessionLists }: Parts, lease: Lease): void => {
  view.onReread(() => void lease.renew().then(() => presence.rewriteAll()));
  busState.onReconnect(() => {
    void revocation.recheckAll();
    sessionLists.publishAgain();
  });
};

const followAccess = (parts: Parts): void => {
  const { bus, logger, events, revocation, runs, terminations, amongHubs: verifier } = parts;
  const reader = new MessageReader({ ...parts, channel: machineAccessWildcard, schema: MachineAccessEvent, verifier });
  bus.subscribe(machineAccessWildcard, {
    callback: (error, message) => {
      if (error) return logger.error({ err: error }, 'access changes cannot be received');
      const event = reader.live(message);
      if (event === undefined) return;
      events.accessChanged(event);
      void revocation.accessChanged(event.agent_id, event.user_id, event.role);
      void terminations.carryOut(event.agent_id);
      runs.engine.accessChanged(event.agent_id, event.user_id);
    },
  });
};
