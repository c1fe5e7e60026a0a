import type { UseMutationResult } from '@tanstack/react-query';
import type { Machine } from '@webxterm/contracts/rest';
import type { Server } from '../api/server.ts';
import { useChange } from '../api/use-change.ts';
import { machineKeys } from './machine-cache.ts';

/** A change of several machines. */
export type BulkAction =
  | { readonly kind: 'tag' | 'untag'; readonly tags: readonly string[] }
  | { readonly kind: 'update' }
  | { readonly kind: 'remove' };

/** The machines that could not be changed. */
export interface BulkResult {
  readonly failed: readonly { readonly machine: Machine; readonly error: Error }[];
}

/** Requests at a time: a few, so that hundreds of machines do not reach a limit of the server. */
const atOnce = 4;

/** Tags as the server compares them. */
const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

const tagsAfter = (machine: Machine, action: BulkAction & { readonly kind: 'tag' | 'untag' }): readonly string[] => {
  const others = machine.tags.filter((tag) => !action.tags.some((changed) => same(tag, changed)));
  if (action.kind === 'untag') return others;
  const added = action.tags.filter((tag) => !machine.tags.some((there) => same(tag, there)));
  return [...machine.tags, ...added];
};

const change = async (server: Server, machine: Machine, action: BulkAction): Promise<void> => {
  if (action.kind === 'remove') await server.deleteMachine(machine.agent_id);
  else if (action.kind === 'update') await server.requestUpdate(machine.agent_id);
  else await server.updateMachine(machine.agent_id, { tags: [...tagsAfter(machine, action)] });
};

/** Changes machines one by one. It goes on if one of them cannot be changed. */
export const useBulkChange = (): UseMutationResult<
  BulkResult,
  Error,
  { machines: readonly Machine[]; action: BulkAction }
> =>
  useChange(machineKeys.all, async (server, { machines, action }) => {
    const failed: { machine: Machine; error: Error }[] = [];
    const waiting = [...machines];
    const work = async (): Promise<void> => {
      for (let machine = waiting.shift(); machine !== undefined; machine = waiting.shift()) {
        const of = machine;
        await change(server, of, action).catch((error: Error) => failed.push({ machine: of, error }));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return { failed };
  });
