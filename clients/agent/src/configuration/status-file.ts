import { parseJson } from '@webxterm/contracts/json';
import * as v from 'valibot';
import { readIfThere, writePrivate } from './private-file.ts';

/** What `vsay-agent status` shows. A running agent is asked for it; the file tells what one that does not run said last. */
export const AgentStatus = v.object({
  pid: v.pipe(v.number(), v.integer()),
  state: v.picklist(['connecting', 'connected', 'stopped', 'refused']),
  since: v.pipe(v.string(), v.isoTimestamp()),
  agent_id: v.optional(v.string()),
  hub: v.optional(v.string()),
  owner: v.optional(v.string()),
  /** What keeps it from the hub. */
  problem: v.optional(v.string()),
  /** What shells lack on this machine, and what to do about it. */
  logins: v.optional(v.string()),
  /** The disk takes no writes: why. The agent goes on without. */
  disk: v.optional(v.string()),
});
export type AgentStatus = v.InferOutput<typeof AgentStatus>;

/** Undefined when it cannot be read. */
export const parseStatus = (text: string): AgentStatus | undefined => {
  const status = v.safeParse(AgentStatus, parseJson(text));
  return status.success ? status.output : undefined;
};

export const writeStatus = (file: string, status: AgentStatus): Promise<void> =>
  writePrivate(file, `${JSON.stringify(status, undefined, 2)}\n`);

/** The last status; undefined when there is none that can be read. */
export const readStatus = async (file: string): Promise<AgentStatus | undefined> => {
  const text = await readIfThere(file);
  return text === undefined ? undefined : parseStatus(text);
};
