import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { parseJson } from '@webxterm/contracts/json';
import { type Machine, MachineAccessChange, MachineEvent } from '@webxterm/contracts/rest';
import { createContext, useContext, useEffect, useState } from 'react';
import { followEvents } from '../api/follow-events.ts';
import { patchQueries } from '../api/patch-queries.ts';
import type { MachineList, Server } from '../api/server.ts';
import { useServer } from '../api/server-context.ts';
import { listWithEvent, machineKeys, withEvent } from './machine-cache.ts';
import { type MachineMessage, shareAmongTabs } from './shared-event-stream.ts';

/** Poll interval of the pages without a stream, ms. */
const pollMs = 5_000;

/** Whether the event stream delivers the states of machines. False: pages must poll. */
export const LiveContext = createContext(false);

/** For `refetchInterval`: polls only while the stream is disconnected. */
export const usePollInterval = (): number | false => (useContext(LiveContext) ? false : pollMs);

/** Writes the events of the browser's shared event stream into the query cache. Returns whether the stream is connected. */
export const useLiveMachines = (): boolean => {
  const server = useServer();
  const queries = useQueryClient();
  const [live, setLive] = useState(false);
  useEffect(() => {
    return shareAmongTabs({
      lead: (signal, publish) => follow(server, signal, publish),
      onMessage: (message) => {
        if ('live' in message) {
          setLive(message.live);
          // Refetches everything that changed while the stream was disconnected.
          if (message.live) void queries.invalidateQueries({ queryKey: machineKeys.all });
        } else if ('access' in message) void queries.invalidateQueries({ queryKey: machineKeys.all });
        else applyToCache(queries, message.kind, message.event);
      },
    });
  }, [server, queries]);
  return live;
};

const follow = (server: Server, signal: AbortSignal, publish: (message: MachineMessage) => void): Promise<void> =>
  followEvents(signal, {
    open: (until) => server.machineEvents(until),
    onOpened: () => publish({ live: true }),
    onEvent: ({ event, data }) => {
      const message = messageOf(event, parseJson(data));
      if (message !== undefined) publish(message);
    },
    onLost: () => publish({ live: false }),
  });

/** Parses an event. Undefined for an event that this page does not know. */
const messageOf = (kind: string, data: unknown): MachineMessage | undefined => {
  if (kind === 'access') {
    const access = MachineAccessChange.safeParse(data).data;
    return access && { access };
  }
  const event = MachineEvent.safeParse(data).data;
  return event && { kind, event };
};

const applyToCache = (queries: QueryClient, kind: string, event: MachineEvent): void => {
  const known = patchQueries(queries, machineKeys.lists, (list: MachineList) => listWithEvent(list, event));
  patchQueries(queries, machineKeys.one(event.agent_id), (machine: Machine) => withEvent(machine, event));
  // The machine is new to the lists, or a status filter may exclude it now.
  if (!known || kind === 'status') void queries.invalidateQueries({ queryKey: machineKeys.lists });
  // With its connection, the agent reported its facts. They were unknown for a machine that was just added.
  if (kind === 'status') void queries.invalidateQueries({ queryKey: machineKeys.one(event.agent_id) });
};
