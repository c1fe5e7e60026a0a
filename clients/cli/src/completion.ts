import tab from '@bomb.sh/tab/commander';
import type { Machine } from '@webxterm/contracts/rest';
import type { Command } from 'commander';

/** A key press does not wait longer for the names of machines. */
const namesWithinMs = 1500;

/** A word that no shell expands, in any place of a line. */
const plainWord = /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.+-]*$/u;

/**
 * The word that Tab offers for a machine: its name, or its id if the name is not one plain word. The scripts for bash and zsh put words into the line
 * as they are, and bash even expands them before that. Other users choose the names of the machines that they share.
 */
export const offeredWord = ({ name, agent_id }: Pick<Machine, 'name' | 'agent_id'>): string =>
  plainWord.test(name) ? name : agent_id;

const machineWords = async (): Promise<string[]> => {
  const [{ allMachines }, { openServer }] = await Promise.all([
    import('./server/find-machine.ts'),
    import('./server/server.ts'),
  ]);
  const server = await openServer(undefined);
  const signal = AbortSignal.timeout(namesWithinMs);
  const fetcher: typeof fetch = (input, init) => server.fetcher(input, { ...init, signal });
  return (await allMachines({ ...server, fetcher }, {})).map(offeredWord);
};

/** Adds `vsay completion SHELL`, which prints a script, and the hidden command that the script calls at each Tab. */
export const addCompletion = async (program: Command, args: readonly string[]): Promise<void> => {
  const root = tab(program, { completionCommandName: 'completion' });
  if (args[0] !== 'complete') return;
  const places = [...root.commands.values()].flatMap((command) => command.arguments.get('machine') ?? []);
  // Without an answer there are no machines to offer.
  const words = await machineWords().catch(() => []);
  for (const place of places)
    place.handler = (complete) => {
      for (const word of words) complete(word, '');
    };
};
