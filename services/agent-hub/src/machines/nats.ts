import type { NatsConnection } from '@nats-io/transport-node';
import { authorizeMachine } from '@webxterm/contracts/bus';
import { AgentId } from '@webxterm/contracts/rest';
import { AppError, type Logger, toAppError } from '@webxterm/shared';
import { type AllowList, answer } from '@webxterm/shared/bus';
import { personOf } from './access-rule.ts';
import type { Authorizer } from './authorize.ts';

export interface AuthorizeOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly allowList: Pick<AllowList, 'find'>;
  readonly authorizer: Authorizer;
  readonly isOnline: (agentId: string) => boolean;
  readonly hostsStack: (agentId: string) => Promise<boolean>;
}

/** Answers `machines.authorize`. */
export const answerAuthorize = ({
  bus,
  logger,
  allowList,
  authorizer,
  isOnline,
  hostsStack,
}: AuthorizeOptions): void => {
  answer(bus, authorizeMachine, logger, async ({ sid, agent_id }) => {
    const signin = await allowList.find(sid);
    if (!AgentId.safeParse(agent_id).success) throw new AppError('machine_not_found');
    try {
      const access = await authorizer.access(personOf(signin), agent_id);
      return {
        agent_id,
        owner_id: access.ownerId,
        user_id: signin.user_id,
        role: access.role,
        rights: [...access.rights],
        online: isOnline(agent_id),
        hosts_stack: await hostsStack(agent_id),
      };
    } catch (error) {
      throw toAppError(error);
    }
  });
};
