import type { World } from '../world.ts';
import { byCaller, byRight, type MakeCall, type Rule, signedIn } from './rule.ts';

const kept = new WeakMap<World, Promise<string>>();
/** A run of `control` on the machine. It is nobody else's, whatever rights they have on the machine. */
const theRun = (world: World): Promise<string> => {
  const start = async (): Promise<string> => {
    const wanted = { command: 'true', agent_ids: [world.agentId] };
    return (await world.cast.control.rest.post<{ run_id: string }>('/api/runs', wanted)).body.run_id;
  };
  const known = kept.get(world) ?? start();
  kept.set(world, known);
  return known;
};

const onRun: MakeCall = async (world) => ({ params: { run_id: await theRun(world) } });

const ofControl = (status: number): Parameters<typeof byCaller>[0] => ({
  other: 404,
  view: 404,
  control: status,
  owner: 404,
  admin: 404,
  adminView: 404,
  adminControl: 404,
});

/** Runs. One column for each caller. */
// biome-ignore format: a table
export const runRules: Readonly<Record<string, readonly Rule[]>> = {
  createRun: [
    byRight('command', { other: 404, view: 403, control: 201, owner: 201, admin: 403, adminView: 403, adminControl: 201 },
      (world) => ({ body: { command: 'true', agent_ids: [world.agentId] } })),
  ],
  listRuns: [signedIn(200)],
  getRun: [byCaller(ofControl(200), onRun)],
  listRunTargets: [byCaller(ofControl(200), onRun)],
  getRunOutput: [
    byCaller(ofControl(200), async (world) => ({ params: { run_id: await theRun(world), agent_id: world.agentId } })),
  ],
  listRunGroups: [byCaller(ofControl(200), onRun)],
  exportRun: [byCaller(ofControl(200), onRun)],
  runEvents: [byCaller(ofControl(200), onRun)],
  cancelRun: [byCaller(ofControl(202), onRun)],
};
