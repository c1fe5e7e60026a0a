import { AgentId, runCommand } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { ActivityLog } from '../dashboard/activity-log.ts';
import { type MachineStore, scopeOf } from '../machines/store.ts';
import type { CommandDispatch } from './dispatch.ts';

export interface CommandHttpOptions {
  readonly store: MachineStore;
  readonly dispatch: CommandDispatch;
  readonly auditor: Pick<Auditor, 'act'>;
  readonly activityLog: ActivityLog;
}

/** Mounts the API that runs commands. */
export const mountCommands = (api: Api, { store, dispatch, auditor, activityLog }: CommandHttpOptions): void => {
  api.mount(runCommand, async ({ params, body, caller, context }) => {
    const { agent_id } = params;
    if (!AgentId.safeParse(agent_id).success) throw new AppError('machine_not_found');
    const machine = await store.find(scopeOf(caller), agent_id);
    if (machine === undefined) throw new AppError('machine_not_found');
    const { command } = body;
    const fact = {
      action: 'command_executed',
      agentId: agent_id,
      target: { type: 'machine', id: agent_id, name: machine.name },
      details: { command, linux_user: body.linux_user ?? null },
    } as const;
    const order = { sid: caller.sid, agent_id, ...body };
    const result = await auditor.act(fact, () => dispatch.run(order, context.requestId), {
      withinMs: (body.timeout_seconds + 30) * 1000,
      resultOf: ({ exit_code, signal, timed_out, linux_user = null }) => ({
        details: { command, linux_user, exit_code, signal, timed_out },
      }),
    });
    await activityLog.add(machine, { what: 'command', detail: command, success: result.exit_code === 0, by: caller });
    return result;
  });
};
