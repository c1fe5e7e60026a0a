import type { NatsConnection } from '@nats-io/transport-node';
import { commandAtHub } from '@webxterm/contracts/bus';
import type { CommandResult } from '@webxterm/contracts/rest';
import { AppError, type Logger } from '@webxterm/shared';
import { type AllowList, answer, ask } from '@webxterm/shared/bus';
import type { LinkTable } from '../agent-links/link-table.ts';
import { personOf, requireRight } from '../machines/access-rule.ts';
import type { Access, Authorizer } from '../machines/authorize.ts';
import { chooseLinuxUser, requireLinuxUser } from '../machines/linux-users.ts';
import type { Commands } from './commands.ts';

export interface DispatchOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly hubId: string;
  readonly allowList: Pick<AllowList, 'find'>;
  readonly authorizer: Authorizer;
  readonly links: LinkTable;
  readonly commands: Commands;
  /** The id of the hub that holds the link of a machine; undefined if unknown. */
  readonly hubOf: (agentId: string) => string | undefined;
}

interface Order {
  readonly sid: string;
  readonly agent_id: string;
  readonly command: string;
  readonly timeout_seconds: number;
  readonly linux_user?: string | undefined;
}

/** Sends a command to the hub that holds the link of the machine. That hub checks the caller's right by the sign-in. */
export class CommandDispatch {
  readonly #options: DispatchOptions;

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  answerOthers(): void {
    const { bus, hubId, logger } = this.#options;
    answer(bus, commandAtHub(hubId), logger, (order, requestId) => this.#runHere(order, requestId));
  }

  /** @throws AppError machine_not_found, view_only, machine_offline, command_not_run, too_many_commands, linux_user_refused */
  async run(order: Order, requestId: string): Promise<CommandResult> {
    const { links, hubOf, bus, hubId } = this.#options;
    if (links.find(order.agent_id) !== undefined) return this.#runHere(order, requestId);
    await this.#requireCommand(order);
    const holder = hubOf(order.agent_id);
    if (holder === undefined || holder === hubId) throw new AppError('machine_offline');
    return ask(bus, commandAtHub(holder), order, requestId);
  }

  async #runHere(order: Order, requestId: string): Promise<CommandResult> {
    const { userId, linuxUsers } = await this.#requireCommand(order);
    const link = this.#options.links.find(order.agent_id);
    if (link === undefined) throw new AppError('machine_offline');
    if (!link.capabilities.includes('command'))
      throw new AppError('command_not_run', 'The agent of this machine runs no commands. Update the agent.');
    const linuxUser = chooseLinuxUser(order.linux_user ?? '', linuxUsers, link);
    const { agent_id } = order;
    this.#options.logger.info({ request_id: requestId, agent_id, user: userId }, 'a command is sent to a machine');
    const result = await this.#options.commands.run(link, userId, {
      command: order.command,
      timeoutSeconds: order.timeout_seconds,
      linuxUser,
      requestId,
    });
    // A caller who has lost the right meanwhile must not get the output.
    const access = await this.#requireCommand(order);
    requireLinuxUser(access.linuxUsers, linuxUser);
    return result;
  }

  async #requireCommand({ sid, agent_id }: Order): Promise<Pick<Access, 'linuxUsers'> & { userId: string }> {
    const { allowList, authorizer } = this.#options;
    const signin = await allowList.find(sid);
    const access = await authorizer.use(personOf(signin), agent_id);
    requireRight(access, 'command', 'You may see this machine but not run anything on it.');
    return { userId: signin.user_id, linuxUsers: access.linuxUsers };
  }
}
