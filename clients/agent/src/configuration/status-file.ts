import { z } from 'zod';
import { readIfThere, writePrivate } from './private-file.ts';

/** What `vsay-agent status` shows; written by the running agent at each change. */
export const AgentStatus = z.object({
  pid: z.number().int(),
  state: z.enum(['connecting', 'connected', 'stopped', 'refused']),
  since: z.iso.datetime(),
  agent_id: z.string().optional(),
  hub: z.string().optional(),
  owner: z.string().optional(),
  problem: z.string().optional(),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

export const writeStatus = (file: string, status: AgentStatus): Promise<void> =>
  writePrivate(file, `${JSON.stringify(status, undefined, 2)}\n`);

/** The last status; undefined when there is none that can be read. */
export const readStatus = async (file: string): Promise<AgentStatus | undefined> => {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return AgentStatus.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};
