import {
  cancelRun,
  createRun,
  exportRun,
  getRun,
  getRunOutput,
  listRunGroups,
  listRuns,
  listRunTargets,
  type RunGroup,
  runEvents,
} from '@webxterm/contracts/rest';
import { runLimits } from '@webxterm/contracts/run-limits';
import { AppError } from '@webxterm/shared';
import type { Api, Caller } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import { requireRight } from '../machines/access-rule.ts';
import type { Authorizer } from '../machines/authorize.ts';
import { requireLinuxUser } from '../machines/linux-users.ts';
import { cancelledFact } from './audit.ts';
import type { RunRecord } from './record.ts';
import type { RunChanges } from './run-changes.ts';
import type { RunClaims } from './run-claims.ts';
import type { RunEngine } from './run-engine.ts';
import type { RunEventStreams } from './run-events.ts';
import type { RunExport } from './run-export.ts';
import { targetView } from './run-views.ts';
import { type StartRunOptions, startRun } from './start-run.ts';

export interface RunHttpOptions extends StartRunOptions {
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly authorizer: Authorizer;
  readonly claims: RunClaims;
  readonly changes: RunChanges;
  readonly engine: Pick<RunEngine, 'lead'>;
  readonly streams: RunEventStreams;
  readonly exports: RunExport;
}

/** Mounts the API of runs. */
export const mountRuns = (api: Api, options: RunHttpOptions): void => {
  const { store, engine, authorizer, streams, exports, machines } = options;

  api.mount(createRun, async ({ body, caller, context }) => {
    const run = await startRun(body, caller, context, options);
    const stored = await store.require(caller, run.run_id);
    engine.lead(stored);
    return store.view(stored);
  });

  api.mount(listRuns, async ({ query, caller }) => {
    const { rows, total, next } = await store.list(caller, query);
    return { runs: await store.views(rows), total, next_cursor: next };
  });

  api.mount(getRun, async ({ params, caller }) => store.view(await store.require(caller, params.run_id)));

  api.mount(listRunTargets, async ({ params, query, caller }) => {
    const { run_id } = await store.require(caller, params.run_id);
    const { cursor, limit, ...filter } = query;
    const { rows, total, next } = await store.targets(run_id, filter, { cursor, limit });
    return { targets: rows.map(targetView), total, next_cursor: next };
  });

  api.mount(getRunOutput, async ({ params, caller }) => {
    const { run_id } = await store.require(caller, params.run_id);
    const target = await store.target(run_id, params.agent_id);
    if (target === undefined) throw new AppError('machine_not_found', 'This machine is not part of the run.');
    const access = await authorizer.access(caller, target.agent_id);
    requireRight(access, 'command', 'You may no longer run commands on this machine, nor read their output.');
    if (target.linux_user !== null) requireLinuxUser(access.linuxUsers, target.linux_user);
    const { stdout, stderr } = await store.output(target.command_id);
    return { ...targetView(target), stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
  });

  api.mount(listRunGroups, async ({ params, caller }) => {
    const { run_id } = await store.require(caller, params.run_id);
    const found = await store.groups(run_id, runLimits.groups);
    const listed = found.slice(0, runLimits.groups);
    const readable = await machines.mayRunOn(caller, [...new Set(listed.flatMap(({ agent_ids }) => agent_ids))]);
    const groups: RunGroup[] = [];
    for (const group of listed) {
      // A grant that is limited to Linux users may not reach the one that ran it.
      const shown = group.agent_ids.find((agentId) => readable.get(agentId)?.linuxUsers === null);
      groups.push({ ...group, preview: shown === undefined ? null : await previewOf(run_id, shown) });
    }
    return { groups, more: found.length > listed.length };
  });

  const previewOf = async (runId: string, agentId: string): Promise<string | null> => {
    const target = await store.target(runId, agentId);
    if (target === undefined) return null;
    const { stdout, stderr } = await store.output(target.command_id);
    const text = (stdout.length > 0 ? stdout : stderr).subarray(0, 4 * runLimits.preview).toString('utf8');
    return text.slice(0, runLimits.preview).toWellFormed();
  };

  api.mount(cancelRun, async ({ params, caller }) => store.view(await cancel(caller, params.run_id, options)));

  api.mount(exportRun, async ({ params, caller, context }) => {
    await exports.send(await store.require(caller, params.run_id), caller, context.response);
    return undefined;
  });

  api.mount(runEvents, async ({ params, caller, context }) => {
    const { run_id } = await store.require(caller, params.run_id);
    await streams.serve(caller, run_id, context.response);
    return undefined;
  });
};

/** Nothing more of the run begins from now on. The hub that leads the run ends its commands. */
const cancel = async (
  caller: Caller,
  runId: string,
  { store, models, claims, auditor, changes, now }: RunHttpOptions,
): Promise<RunRecord> => {
  const run = await store.require(caller, runId);
  const stopped = await models.runs.db.transaction(async (session) => {
    const after = await claims.stop(run.run_id, 'cancelled', new Date(now()), session);
    if (after !== undefined) await auditor.recordIn(session, cancelledFact(after));
    return after;
  });
  if (stopped !== undefined) changes.runChanged(run.run_id);
  return stopped ?? store.require(caller, runId);
};
