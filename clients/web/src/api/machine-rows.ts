import { AgentId, listMachines, Machine, recentMachines } from '@webxterm/contracts/rest';
import { MachineRole } from '@webxterm/contracts/rights';
import { plainText } from '@webxterm/contracts/text';
import { z } from 'zod';

/** A machine in a list that does not match the contract. It is shown as unreadable, and the other rows stay. */
export interface UnreadableMachine {
  readonly agentId: string | undefined;
  /** Empty if the name is unreadable, too. */
  readonly name: string;
  readonly myRole: MachineRole | undefined;
}

const Row = z.looseObject({
  agent_id: AgentId.optional().catch(undefined),
  name: z.string().catch(''),
  my_role: MachineRole.optional().catch(undefined),
});

/** Validates each row separately. */
export const readMachines = (
  rows: readonly unknown[],
): { machines: Machine[]; unreadable: readonly UnreadableMachine[] } => {
  const machines: Machine[] = [];
  const unreadable: UnreadableMachine[] = [];
  for (const row of rows) {
    const machine = Machine.safeParse(row);
    if (machine.success) machines.push(machine.data);
    else unreadable.push(unreadableOf(row));
  }
  return { machines, unreadable };
};

const unreadableOf = (row: unknown): UnreadableMachine => {
  const rest = Row.safeParse(row).data;
  return { agentId: rest?.agent_id, name: plainText(rest?.name ?? '', 64), myRole: rest?.my_role };
};

const anyRows = { machines: z.array(z.unknown()) };

/** The machine lists with unvalidated rows. */
export const machineListRows = {
  ...listMachines,
  success: { schema: listMachines.success.schema.extend(anyRows) },
} as const;
export const recentMachineRows = {
  ...recentMachines,
  success: { schema: recentMachines.success.schema.extend(anyRows) },
} as const;
