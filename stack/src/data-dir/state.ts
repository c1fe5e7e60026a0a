import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writePrivateFile } from './private-files.ts';

const State = z.object({
  /** The ports of the last start. Reused if they are free. */
  mongodPort: z.number().int().optional(),
  natsPort: z.number().int().optional(),
  /** Whether the admin's password was shown on a terminal. */
  adminShown: z.boolean().optional(),
});

export type State = z.output<typeof State>;

const file = (dataDir: string): string => join(dataDir, 'state.json');

/** State that the stack keeps between starts. Empty if the file is missing or unreadable. */
export const readState = (dataDir: string): State => {
  // The state is not essential: without it, new ports are chosen.
  return readJsonFile(file(dataDir), State) ?? {};
};

export const updateState = (dataDir: string, changes: State): void => {
  writePrivateFile(file(dataDir), `${JSON.stringify({ ...readState(dataDir), ...changes })}\n`);
};
