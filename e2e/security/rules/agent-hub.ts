import { byStanding, onMachine, type Rule, signedIn } from './rule.ts';

/** Machines. */
export const machineRules: Readonly<Record<string, readonly Rule[]>> = {
  listMachines: [
    signedIn(200, undefined, { what: (world) => world.agentId, to: ['view', 'control', 'owner', 'admin'] }),
  ],
  machineEvents: [signedIn(200)],
  getMachine: [byStanding({ other: 404, view: 200, control: 200, owner: 200, admin: 200 }, onMachine)],
};
