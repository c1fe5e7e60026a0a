import type { Api } from '@webxterm/shared/api';
import type { LinkParts } from '../agent-links/wiring.ts';
import type { Core } from '../core.ts';
import { Commands } from './commands.ts';
import { CommandDispatch } from './dispatch.ts';
import { mountCommands } from './http.ts';

export type CommandParts = ReturnType<typeof wireCommands>;

/** Commands that run on machines, and their route. */
export const wireCommands = (parts: Core & LinkParts) => {
  const commands = new Commands();
  const hubOf = (agentId: string): string | undefined => parts.view.find(agentId)?.presence.hub_id;
  const dispatch = new CommandDispatch({ ...parts, commands, hubOf });
  return {
    commands,
    dispatch,
    mountCommands: (api: Api): void => mountCommands(api, { ...parts, dispatch }),
  };
};
