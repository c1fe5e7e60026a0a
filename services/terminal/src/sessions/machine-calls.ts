import type { NatsConnection } from '@nats-io/transport-node';
import { authorizeMachine, keepSessionEnd, machinesWithRight } from '@webxterm/contracts/bus';
import { type Right, rightsOf } from '@webxterm/contracts/rights';
import { unknownKind, viewerKinds } from '@webxterm/contracts/session-kinds';
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

/** Calls of the REST API to the hubs. The hub checks the caller's rights by the sign-in. */
export class MachineCalls {
  readonly #options: MachineCallsOptions;

  constructor(options: MachineCallsOptions) {
    this.#options = options;
  }

  /**
   * Checks that the caller may open sessions of this kind.
   * @throws AppError machine_not_found, view_only, kind_not_supported, unavailable
   */
  async requireOpen(caller: Caller, agentId: string, kind: string, requestId: string): Promise<void> {
    const rights = await this.#rights(caller, agentId, requestId);
    const needed = viewerKinds.get(kind);
    if (needed === undefined) throw new AppError('kind_not_supported', unknownKind(kind, viewerKinds));
    if (!needed.some((right) => rights.includes(right))) throw new AppError('view_only');
  }

  /**
   * Checks that the caller may share a session of this kind. A guest who types on a machine that runs the server could read its secrets.
   * @throws AppError the errors of `requireOpen`; machine_hosts_stack
   */
  async requireShare(
    caller: Caller,
    { agentId, kind }: { readonly agentId: string; readonly kind: string },
    guestsMayType: boolean,
    requestId: string,
  ): Promise<void> {
    await this.requireOpen(caller, agentId, kind, requestId);
    if (!guestsMayType) return;
    const request = { sid: caller.sid, agent_id: agentId };
    const { hosts_stack } = await ask(this.#options.bus, authorizeMachine, request, requestId);
    if (hosts_stack)
      throw new AppError(
        'machine_hosts_stack',
        'This machine runs WebXTerm itself, and its shells could read all of it. Share the terminal without letting guests type.',
      );
  }

  /**
   * The sessions on a machine that the caller may see and end: all of them with the right `manage`, otherwise the caller's own.
   * @throws AppError machine_not_found, unavailable
   */
  async scopeOn(caller: Caller, agentId: string, requestId: string): Promise<SessionScope> {
    const rights = await this.#rights(caller, agentId, requestId);
    return rights.includes('manage') ? { kind: 'any' } : { kind: 'owner', userId: caller.userId };
  }

  /**
   * Whether the caller's access token reaches the caller's own sessions on this machine. True for a caller who signed in.
   * @throws AppError unavailable
   */
  async reachesOwn(caller: Caller, agentId: string, requestId: string): Promise<boolean> {
    if (caller.token === undefined) return true;
    try {
      const rights = await this.#rights(caller, agentId, requestId);
      return rights.includes('open') || rights.includes('manage');
    } catch (error) {
      if (error instanceof AppError && error.code === 'machine_not_found') return false;
      throw error;
    }
  }

  /** Checks that the caller has the right. `message`: for a caller who sees the machine without it. @throws AppError machine_not_found, view_only, unavailable */
  async require(
    caller: Caller,
    agentId: string,
    { right, message }: { right: Right; message: string },
    requestId: string,
  ): Promise<void> {
    const rights = await this.#rights(caller, agentId, requestId);
    if (!rights.includes('see') && !rights.includes(right)) throw new AppError('machine_not_found');
    if (!rights.includes(right)) throw new AppError('view_only', message);
  }

  /** Whether the caller has the right `manage`, and so may see and end all sessions on the machine. @throws AppError unavailable */
  async mayManage(caller: Caller, agentId: string, requestId: string): Promise<boolean> {
    return this.has(caller, agentId, 'manage', requestId);
  }

  /** Whether the caller has the right on the machine. False for a machine that the caller does not see. @throws AppError unavailable */
  async has(caller: Caller, agentId: string, right: Right, requestId: string): Promise<boolean> {
    try {
      return (await this.#rights(caller, agentId, requestId)).includes(right);
    } catch (error) {
      if (error instanceof AppError && error.code === 'machine_not_found') return false;
      throw error;
    }
  }

  /** The machines on which the caller has the right by owning them or by a grant. `more`: there are too many. @throws AppError unavailable */
  async machinesWith(
    { sid }: Caller,
    right: Right,
    requestId: string,
  ): Promise<{ agentIds: readonly string[]; more: boolean }> {
    const { agent_ids, more } = await ask(this.#options.bus, machinesWithRight, { sid, right }, requestId);
    return { agentIds: agent_ids, more };
  }

  /** Ends a session. An offline machine receives the termination on its next link, before any attach. @throws AppError of the hub */
  async endSession(
    caller: Pick<Caller, 'sid'>,
    record: Pick<SessionRecord, 'session_id' | 'agent_id'>,
    requestId: string,
  ): Promise<void> {
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

  /** @throws AppError machine_offline, or the error of the hub */
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

  /** The caller's rights, from a hub. A hub of the previous version answers only the role. */
  async #rights(caller: Caller, agentId: string, requestId: string): Promise<readonly Right[]> {
    const request = { sid: caller.sid, agent_id: agentId };
    const { role, rights } = await ask(this.#options.bus, authorizeMachine, request, requestId);
    return rights ?? rightsOf(role, caller.role === 'admin');
  }

  /** Calls the hub of the machine. Presence may be outdated, so after `elsewhere` it looks the hub up again and retries once. */
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
