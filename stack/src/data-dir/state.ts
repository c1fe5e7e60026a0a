import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writePrivateFile } from './private-files.ts';

const State = z.object({
  /** The ports of the last start, taken again when they are free. */
  mongodPort: z.number().int().optional(),
  natsPort: z.number().int().optional(),
  /** The admin's password was shown on a terminal. */
  adminShown: z.boolean().optional(),
});

export type State = z.output<typeof State>;

const file = (dataDir: string): string => join(dataDir, 'state.json');

/** What the stack remembers from start to start; empty when there is nothing or it cannot be read. */
export const readState = (dataDir: string): State => {
  // Only a convenience: ports are chosen anew.
  return readJsonFile(file(dataDir), State) ?? {};
};

export const updateState = (dataDir: string, changes: State): void => {
  writePrivateFile(file(dataDir), `${JSON.stringify({ ...readState(dataDir), ...changes })}\n`);
};
