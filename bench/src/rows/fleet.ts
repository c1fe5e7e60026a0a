import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bed, RunningProduct } from '../bed.ts';
import { ChildFleet } from '../load/child-fleet.ts';
import { FleetReport, ViewersReport } from '../load/fleet-messages.ts';
import { residentBytes } from '../process/figures.ts';
import { inspect } from '../process/inspector.ts';
import type { Row } from '../report.ts';
import type { RowGroup } from './row-group.ts';

const agentProcesses = 4;
const viewerProcesses = 2;
const linkedWithinMs = 600_000;
const attachedWithinMs = 600_000;
const backWithinMs = 120_000;
const settleMs = 3000;
/** Beside one descriptor for each agent or terminal, a service has its own. */
const spareDescriptors = 1000;

/** Services inherit the limit of this process, which nothing in Node can raise. @throws Error that says how to */
const requireDescriptors = (wanted: number): void => {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const [, soft = '0', hard = '0'] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits) ?? [];
  if (Number(soft) < wanted)
    throw new Error(
      `${wanted} open files are needed and ${soft} allowed (hard limit ${hard}): run "ulimit -n ${wanted}" first, or take fewer with --agents and --sessions`,
    );
};

const shares = (total: number, processes: number): number[] =>
  Array.from({ length: processes }, (_, at) => Math.floor((total + at) / processes)).filter((share) => share > 0);

const memoryOf = async (product: RunningProduct, name: string): Promise<number> => {
  await delay(settleMs);
  const pid = product.pidOf(name);
  const inspected = await inspect(pid, product.debugPort);
  await inspected.collectGarbage();
  await inspected.close();
  return residentBytes(pid);
};

const startAgents = (bed: Bed, product: RunningProduct): ChildFleet<FleetReport> => {
  const address = product.stack.grpc[0] ?? '';
  const orders = shares(bed.options.agents, agentProcesses).map((count) => ({
    address,
    tls: product.stack.ca !== undefined,
    ca: product.stack.ca,
    apiKey: product.apiKey,
    count,
  }));
  const fleet = new ChildFleet('agent-fleet.ts', orders, FleetReport, (text) => bed.say(text));
  bed.atEnd(() => fleet.end());
  return fleet;
};

const agentRows = async (bed: Bed, product: RunningProduct, fleet: ChildFleet<FleetReport>): Promise<Row[]> => {
  const { agents, tls } = bed.options;
  const way = tls ? 'TLS' : 'in the clear';
  const linked = (report: FleetReport): number => report.linked;
  const before = await memoryOf(product, 'agent-hub-1');
  bed.say(`${agents} agents dial for the first time`);
  const first = await fleet.reach('agents linked', agents, linked, linkedWithinMs);
  const held = await memoryOf(product, 'agent-hub-1');
  bed.say(`linked after ${(first / 1000).toFixed(1)} s; the hub has ${(held / 1e6).toFixed(0)} MB`);
  return [
    {
      name: `hub with ${agents} idle agents, ${way}: memory`,
      unit: 'MB',
      product: [held / 1e6],
      budget: { kind: 'absolute', atMost: (1600 * agents) / 10_000 },
    },
    {
      name: `hub: memory per idle agent, ${way}`,
      unit: 'KB',
      product: [(held - before) / 1000 / agents],
      budget: { kind: 'absolute', atMost: 160 },
    },
  ];
};

const terminalRows = async (bed: Bed, product: RunningProduct, fleet: ChildFleet<FleetReport>): Promise<Row[]> => {
  const agentIds = fleet.all((report) => report.agentIds).slice(0, bed.options.sessions);
  const before = await memoryOf(product, 'terminal-1');
  bed.say(`${agentIds.length} terminals open`);
  const half = Math.ceil(agentIds.length / viewerProcesses);
  const orders = [agentIds.slice(0, half), agentIds.slice(half)]
    .filter((share) => share.length > 0)
    .map((share) => ({ url: product.url, token: product.token, ca: product.stack.ca, agentIds: share }));
  const viewers = new ChildFleet('idle-viewers.ts', orders, ViewersReport, (text) => bed.say(text));
  bed.atEnd(() => viewers.end());
  const took = await viewers.reach(
    'terminals attached',
    agentIds.length,
    (report) => report.attached,
    attachedWithinMs,
  );
  bed.say(`attached after ${(took / 1000).toFixed(1)} s`);
  const held = await memoryOf(product, 'terminal-1');
  viewers.end();
  return [
    {
      name: `terminal service: memory per idle terminal, of ${agentIds.length}`,
      unit: 'KB',
      product: [(held - before) / 1000 / agentIds.length],
      budget: { kind: 'absolute', atMost: 60 },
    },
  ];
};

const stormRows = async (bed: Bed, product: RunningProduct, fleet: ChildFleet<FleetReport>): Promise<Row[]> => {
  const { agents } = bed.options;
  const linked = (report: FleetReport): number => report.linked;
  bed.say('the hub is killed');
  const killed = product.stack.kill('agent-hub-1');
  const startedAt = performance.now();
  while (fleet.sum(linked) > agents / 2) {
    if (performance.now() - startedAt > backWithinMs)
      throw new Error('the agents did not notice that their hub was killed');
    await delay(50);
  }
  await killed;
  await fleet.reach('agents back', agents, linked, backWithinMs);
  const seconds = (performance.now() - startedAt) / 1000;
  return [
    {
      name: `${agents} agents back after a hub kill`,
      unit: 's',
      product: [seconds],
      budget: { kind: 'absolute', atMost: 60 },
    },
  ];
};

export const fleet: RowGroup = {
  name: 'fleet',
  about: 'idle agents and terminals: memory of each, and the storm after a hub kill (--agents, --sessions)',
  measure: async (bed) => {
    const { agents, sessions } = bed.options;
    requireDescriptors(Math.max(agents, 2 * sessions) + spareDescriptors);
    const product = await bed.crowded();
    const simulated = startAgents(bed, product);
    try {
      const rows = await agentRows(bed, product, simulated);
      rows.push(...(await terminalRows(bed, product, simulated)));
      rows.push(...(await stormRows(bed, product, simulated)));
      return rows;
    } finally {
      simulated.end();
    }
  },
};
