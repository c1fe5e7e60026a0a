import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/** A key press does not wait longer for the names of machines. */
const namesWithinMs = 1500;

const machineNames = async (): Promise<string[]> => {
  const [{ allMachines }, { openServer }] = await Promise.all([
    import('./server/find-machine.ts'),
    import('./server/server.ts'),
  ]);
  const server = await openServer(undefined);
  const signal = AbortSignal.timeout(namesWithinMs);
  const fetcher: typeof fetch = (input, init) => server.fetcher(input, { ...init, signal });
  return (await allMachines({ ...server, fetcher }, {})).map(({ name }) => name);
};

/** Adds `vsay completion SHELL`, which prints a script, and the hidden command that the script calls at each Tab. */
export const addCompletion = async (program: Command, args: readonly string[]): Promise<void> => {
  const root = tab(program, { completionCommandName: 'completion' });
  if (args[0] !== 'complete') return;
  const places = [...root.commands.values()].flatMap((command) => command.arguments.get('machine') ?? []);
  // Without an answer there are no names to offer.
  const names = await machineNames().catch(() => []);
  for (const place of places)
    place.handler = (complete) => {
      for (const name of names) complete(name, '');
    };
};
