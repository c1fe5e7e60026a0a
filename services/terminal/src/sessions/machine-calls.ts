import type { NatsConnection } from '@nats-io/transport-node';
import { authorizeMachine, keepSessionEnd } from '@webxterm/contracts/bus';
import { type Right, rightsOf } from '@webxterm/contracts/rights';
import { AppError } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import { ask } from '@webxterm/shared/bus';
import type { HubChannels } from '../hub-client/channels.ts';
import { hubFailure } from '../hub-client/hub-answer.ts';
import type { Locator } from '../hub-client/locator.ts';
import type { SessionRecord } from './record.ts';
import type { SessionScope } from './store.ts';

export interface MachineCallsOptions {
  readonly bus: NatsConnection;
  readonly channels: HubChannels;
  readonly locator: Locator;
}

/** What REST asks of a machine's hub. Who may is decided there, by the caller's own sign-in. */
export class MachineCalls {
  readonly #options: MachineCallsOptions;

  constructor(options: MachineCallsOptions) {
    this.#options = options;
  }

  /** @throws AppError machine_not_found, view_only, unavailable */
  async requireOpen(caller: Caller, agentId: string, requestId: string): Promise<void> {
    const rights = await this.#rights(caller, agentId, requestId);
    if (!rights.includes('open')) throw new AppError('view_only');
  }

  /**
   * Whose sessions on a machine the caller may see and end: with the right `manage` everyone's, else their own.
   * @throws AppError machine_not_found, unavailable
   */
  async scopeOn(caller: Caller, agentId: string, requestId: string): Promise<SessionScope> {
    const rights = await this.#rights(caller, agentId, requestId);
    return rights.includes('manage') ? { kind: 'any' } : { kind: 'owner', userId: caller.userId };
  }

  /** With the right `manage` on the machine the caller may see and end anyone's session on it. @throws AppError unavailable */
  async mayManage(caller: Caller, agentId: string, requestId: string): Promise<boolean> {
    try {
      return (await this.scopeOn(caller, agentId, requestId)).kind === 'any';
    } catch (error) {
      if (error instanceof AppError && error.code === 'machine_not_found') return false;
      throw error;
    }
  }

  /** A machine that is offline hears of it when it is back, before any attach. @throws AppError, what the hub says */
  async endSession(caller: Caller, record: SessionRecord, requestId: string): Promise<void> {
    const { session_id, agent_id } = record;
    try {
      await this.#atHub(agent_id, (address) =>
        this.#options.channels.endSession(address, {
          sid: caller.sid,
          agentId: agent_id,
          sessionId: Buffer.from(session_id, 'base64url'),
          cause: 'ended_by_user',
          requestId,
        }),
      );
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'machine_offline') throw error;
      await ask(this.#options.bus, keepSessionEnd, { sid: caller.sid, agent_id, session_id }, requestId);
    }
  }

  /** @throws AppError machine_offline, and what the hub says */
  async resizeSession(
    caller: Caller,
    record: SessionRecord,
    viewerId: string,
    size: { cols: number; rows: number },
    requestId: string,
  ): Promise<void> {
    await this.#atHub(record.agent_id, (address) =>
      this.#options.channels.resizeSession(address, {
        sid: caller.sid,
        agentId: record.agent_id,
        sessionId: Buffer.from(record.session_id, 'base64url'),
        viewerId: Buffer.from(viewerId, 'base64url'),
        ...size,
        requestId,
      }),
    );
  }

  /** What the hubs say. A hub of the version before answers the role alone. */
  async #rights(caller: Caller, agentId: string, requestId: string): Promise<readonly Right[]> {
    const request = { sid: caller.sid, agent_id: agentId };
    const { role, rights } = await ask(this.#options.bus, authorizeMachine, request, requestId);
    return rights ?? rightsOf(role, caller.role === 'admin');
  }

  /** Presence may be a moment behind: a hub that does not hold the machine (any more) is asked for once more. */
  async #atHub(agentId: string, call: (address: string) => Promise<void>): Promise<void> {
    let tried: string | undefined;
    for (let round = 0; round < 2; round += 1) {
      const address = this.#options.locator.find(agentId)?.address;
      if (address === undefined || address === tried) break;
      tried = address;
      try {
        return await call(address);
      } catch (error) {
        const failure = hubFailure(error);
        if (failure !== 'elsewhere') throw failure;
      }
    }
    throw new AppError('machine_offline');
  }
}
