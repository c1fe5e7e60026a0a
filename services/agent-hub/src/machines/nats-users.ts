import type { NatsConnection } from '@nats-io/transport-node';
import { keepSessionEnd, machinesOfUser, machinesWithRight, maxMachinesWithRight } from '@webxterm/contracts/bus';
import { AgentId } from '@webxterm/contracts/rest';
import { AppError, type Logger } from '@webxterm/shared';
import { type AllowList, answer } from '@webxterm/shared/bus';
import type { AccessEvents } from '../access/access-events.ts';
import type { PendingTerminations } from '../access/pending-terminations.ts';
import { endsSessionsOf, personOf } from './access-rule.ts';
import type { Authorizer } from './authorize.ts';
import type { MachineStore } from './store.ts';

export interface UserAnswersOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly store: MachineStore;
  readonly allowList: Pick<AllowList, 'find'>;
  readonly authorizer: Authorizer;
  readonly pending: PendingTerminations;
  readonly accessEvents: AccessEvents;
}

/** Answers bus requests for the machines of a user, for those with a right, and for the termination of a session on an offline machine. */
export const answerForUsers = (options: UserAnswersOptions): void => {
  const { bus, logger, store, allowList, authorizer, pending, accessEvents } = options;
  answer(bus, machinesOfUser, logger, ({ user_id }) => store.ownedBy(user_id, 20));
  answer(bus, machinesWithRight, logger, async ({ sid, right }) => {
    const { user_id } = await allowList.find(sid);
    const found = await store.withRight(user_id, right, maxMachinesWithRight + 1);
    return { agent_ids: found.slice(0, maxMachinesWithRight), more: found.length > maxMachinesWithRight };
  });
  answer(bus, keepSessionEnd, logger, async ({ sid, agent_id, session_id }) => {
    const signin = await allowList.find(sid);
    if (!AgentId.safeParse(agent_id).success) throw new AppError('machine_not_found');
    const access = await authorizer.access(personOf(signin), agent_id);
    // The agent knows the owner of the session, and ends it only if this user may.
    const user_id = endsSessionsOf(access, signin.user_id);
    await pending.add([{ agent_id, session_id, user_id, cause: 'ended_by_user' }]);
    accessEvents.publish(agent_id, signin.user_id, access.role);
    return {};
  });
};
