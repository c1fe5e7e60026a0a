import type { Api } from '@webxterm/shared/api';
import { Counter } from 'prom-client';
import type { AccessParts } from '../access/wiring.ts';
import type { LinkParts } from '../agent-links/wiring.ts';
import type { Core } from '../core.ts';
import type { PresenceParts } from '../presence/wiring.ts';
import { mountRuns } from './http.ts';
import { RunChanges } from './run-changes.ts';
import { RunClaims } from './run-claims.ts';
import { RunDispatch } from './run-dispatch.ts';
import { RunEngine } from './run-engine.ts';
import { RunEventStreams } from './run-events.ts';
import { RunExport } from './run-export.ts';
import { RunMachines } from './run-machines.ts';
import { RunStore } from './run-store.ts';
import { TargetStates } from './target-states.ts';

export type RunParts = ReturnType<typeof wireRuns>;

/** Commands on many machines: their state, the hub that leads each, and their routes. */
export const wireRuns = (parts: Core & LinkParts & PresenceParts & AccessParts) => {
  const { settings, logger, presence, view, allowList, runModels: models } = parts;
  const endedTargets = new Counter({
    name: 'webxterm_hub_run_targets_total',
    help: 'Machines of runs that ended through this hub, by state',
    labelNames: ['state'],
    registers: [],
  });
  const store = new RunStore(models);
  const machines = new RunMachines(parts.models, parts.store);
  const claims = new RunClaims(models.runs);
  const changes = new RunChanges(parts);
  const states = new TargetStates({
    ...parts,
    models,
    onChanged: (runId, targets) => changes.targetsChanged(runId, targets),
    onEnded: (state, count) => endedTargets.inc({ state }, count),
  });
  const hubOf = (agentId: string): string | undefined => view.find(agentId)?.presence.hub_id;
  const dispatch = new RunDispatch({ ...parts, store, states, hubOf });
  const engine = new RunEngine({
    ...parts,
    machines,
    dispatch,
    store,
    states,
    claims,
    isOnline: (agentId) => presence.isOnline(agentId),
    runChanged: (runId) => changes.runChanged(runId),
  });
  const streams = new RunEventStreams({
    allowList,
    logger,
    read: async (runId) => {
      const run = await store.find(runId);
      return run && store.view(run);
    },
  });
  changes.onChange((change) => {
    engine.changed(change);
    streams.changed(change);
  });
  allowList.onChange((sidHash) => {
    streams.signinChanged(sidHash);
    engine.signinChanged(sidHash);
  });
  view.onAgent((agentId) => engine.machineLinked(agentId));
  const exports = new RunExport(store, machines);
  return {
    endedTargets,
    runs: { dispatch, engine, streams, changes },
    mountRuns: (api: Api): void =>
      mountRuns(api, {
        ...parts,
        ...{ models, store, machines, claims, changes, engine, streams, exports },
        keepDays: settings.RUN_KEEP_DAYS,
      }),
  };
};
