import { createMachine, deleteMachine, updateMachine } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { ask, send } from '@webxterm/rest-client';
import { exitCode, Failure } from '../failure.ts';
import { print, printJson, say } from '../output/print.ts';
import { findMachine } from '../server/find-machine.ts';
import { openServer } from '../server/server.ts';
import type { ServerOptions } from './options.ts';

export interface AddOptions extends ServerOptions {
  readonly description?: string;
  readonly tag?: readonly string[];
}

/** `vsay machines add` */
export const add = async (name: string, options: AddOptions): Promise<void> => {
  const server = await openServer(options.profile);
  const added = await ask(server.fetcher, createMachine, {
    body: {
      name,
      ...(options.description !== undefined && { description: options.description }),
      ...(options.tag !== undefined && { tags: [...options.tag] }),
    },
  });
  if (options.json === true) return printJson(added);
  const hours = Math.floor(added.expires_in / 3600);
  say(`Added ${plainText(added.machine.name, 64)}. On the machine, within ${hours} h:`);
  await print(`vsay-agent configure --token ${added.registration_token} --host ${server.url.origin}\n`);
  say(`How to install the agent: ${new URL(`/machines/${added.machine.agent_id}`, server.url).href}`);
};

/** `vsay machines rename` */
export const rename = async (machine: string, name: string, options: ServerOptions): Promise<void> => {
  const server = await openServer(options.profile);
  const { agent_id } = await findMachine(server, machine);
  const changed = await ask(server.fetcher, updateMachine, { params: { agent_id }, body: { name } });
  if (options.json === true) return printJson(changed);
  say(`The machine is named ${plainText(changed.name, 64)}.`);
};

export interface TagOptions extends ServerOptions {
  readonly remove?: boolean;
}

/** `vsay machines tag` */
export const tag = async (machine: string, tags: readonly string[], options: TagOptions): Promise<void> => {
  const server = await openServer(options.profile);
  const { agent_id, tags: before } = await findMachine(server, machine);
  const others = before.filter((one) => !tags.some((given) => given.toLowerCase() === one.toLowerCase()));
  const wanted = options.remove === true ? others : [...others, ...tags];
  const changed = await ask(server.fetcher, updateMachine, { params: { agent_id }, body: { tags: wanted } });
  if (options.json === true) return printJson(changed);
  say(changed.tags.length === 0 ? 'The machine has no tags.' : `Tags: ${plainText(changed.tags.join(', '), 500)}`);
};

export interface RemoveOptions extends ServerOptions {
  readonly yes?: boolean;
}

/** `vsay machines rm` */
export const remove = async (machine: string, options: RemoveOptions): Promise<void> => {
  const server = await openServer(options.profile);
  const { agent_id, name } = await findMachine(server, machine);
  if (options.yes !== true)
    throw new Failure(
      `This removes ${plainText(name, 64)} (${agent_id}) for all its users, and ends their terminals there. To do it: --yes`,
      exitCode.usage,
    );
  await send(server.fetcher, deleteMachine, { params: { agent_id } });
  if (options.json === true) return printJson({ removed: agent_id });
  say(`Removed ${plainText(name, 64)}. To stop its agent: vsay-agent uninstall, on the machine.`);
};
