import { parseJson } from '@webxterm/contracts/json';
import * as v from 'valibot';
import { readIfThere, writePrivate } from './private-file.ts';

/** The output of `vsay-agent status`. A running agent is asked for it. The file has the last status of an agent that does not run. */
export const AgentStatus = v.object({
  pid: v.pipe(v.number(), v.integer()),
  /** Missing: an agent of an earlier version. */
  version: v.optional(v.string()),
  state: v.picklist(['connecting', 'connected', 'stopped', 'refused']),
  since: v.pipe(v.string(), v.isoTimestamp()),
  agent_id: v.optional(v.string()),
  hub: v.optional(v.string()),
  owner: v.optional(v.string()),
  /** Sessions that are open. Missing: an agent of an earlier version. */
  sessions: v.optional(v.pipe(v.number(), v.integer())),
  /** Why it is not connected to a hub. */
  problem: v.optional(v.string()),
  /** The features that shells lack on this machine, and how to fix it. */
  logins: v.optional(v.string()),
  /** Why the disk cannot be written. The agent runs without it. */
  disk: v.optional(v.string()),
});
export type AgentStatus = v.InferOutput<typeof AgentStatus>;

/** Undefined if the text is not a valid status. */
export const parseStatus = (text: string): AgentStatus | undefined => {
  const status = v.safeParse(AgentStatus, parseJson(text));
  return status.success ? status.output : undefined;
};

export const writeStatus = (file: string, status: AgentStatus): Promise<void> =>
  writePrivate(file, `${JSON.stringify(status, undefined, 2)}\n`);

/** The last status, or undefined if there is no readable one. */
export const readStatus = async (file: string): Promise<AgentStatus | undefined> => {
  const text = await readIfThere(file);
  return text === undefined ? undefined : parseStatus(text);
};
