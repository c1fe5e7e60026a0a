import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { jittered, waitAfter } from '@webxterm/contracts/back-off';
import { parseJson } from '@webxterm/contracts/json';
import { type Machine, MachineAccessChange, MachineEvent } from '@webxterm/contracts/rest';
import { createContext, useContext, useEffect, useState } from 'react';
import { SignedOutError } from '../api/api-error.ts';
import type { MachineList, Server } from '../api/server.ts';
import { useServer } from '../api/server-context.tsx';
import { EventStreamParser, type ServerEvent } from './event-stream.ts';
import { listWithEvent, machineKeys, withEvent } from './machine-cache.ts';
import { type MachineNews, shareAmongTabs } from './shared-event-stream.ts';

/** The hub sends a comment every 15 s: twice missed, and the stream is dead whatever TCP thinks. */
const silenceMs = 35_000;
const backOff = { firstMs: 1_000, longestMs: 30_000 };
/** How often pages ask while there is no stream. */
const pollMs = 5_000;

/** Whether machines' states arrive by themselves; false: pages have to poll. */
export const LiveContext = createContext(false);

/** For `refetchInterval`: polls only while the stream is down. */
export const usePollInterval = (): number | false => (useContext(LiveContext) ? false : pollMs);

/** Puts what the browser's one event stream says into the query cache. Returns whether it is up. */
export const useLiveMachines = (): boolean => {
  const server = useServer();
  const queries = useQueryClient();
  const [live, setLive] = useState(false);
  useEffect(() => {
    return shareAmongTabs({
      lead: (signal, tell) => follow(server, signal, tell),
      heard: (news) => {
        if ('live' in news) {
          setLive(news.live);
          // What changed while nobody listened.
          if (news.live) void queries.invalidateQueries({ queryKey: machineKeys.all });
        } else if ('access' in news) void queries.invalidateQueries({ queryKey: machineKeys.all });
        else applyToCache(queries, news.kind, news.event);
      },
    });
  }, [server, queries]);
  return live;
};

const follow = async (server: Server, signal: AbortSignal, tell: (news: MachineNews) => void): Promise<void> => {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await readStream(server, signal, {
        opened: () => {
          failures = 0;
          tell({ live: true });
        },
        event: ({ event, data }) => {
          const news = newsOf(event, parseJson(data));
          if (news !== undefined) tell(news);
        },
      });
    } catch (error) {
      if (error instanceof SignedOutError) return;
    }
    if (signal.aborted) return;
    tell({ live: false });
    failures += 1;
    await pause(jittered(waitAfter(backOff, failures), Math.random()), signal);
  }
};

const readStream = async (
  server: Server,
  signal: AbortSignal,
  on: { opened: () => void; event: (event: ServerEvent) => void },
): Promise<void> => {
  const silence = new AbortController();
  const response = await server.machineEvents(AbortSignal.any([signal, silence.signal]));
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  on.opened();
  const parser = new EventStreamParser();
  const decoder = new TextDecoder();
  for (;;) {
    const timer = setTimeout(() => silence.abort(), silenceMs);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    for (const event of parser.push(decoder.decode(value, { stream: true }))) on.event(event);
  }
};

/** What an event says; nothing when it is one that this page does not know. */
const newsOf = (kind: string, data: unknown): MachineNews | undefined => {
  if (kind === 'access') {
    const access = MachineAccessChange.safeParse(data).data;
    return access && { access };
  }
  const event = MachineEvent.safeParse(data).data;
  return event && { kind, event };
};

const applyToCache = (queries: QueryClient, kind: string, event: MachineEvent): void => {
  let known = false;
  for (const [key, list] of queries.getQueriesData<MachineList>({ queryKey: machineKeys.lists })) {
    if (list === undefined) continue;
    const next = listWithEvent(list, event);
    known ||= next !== list;
    queries.setQueryData(key, next);
  }
  queries.setQueryData(machineKeys.one(event.agent_id), (machine: Machine | undefined) =>
    machine === undefined ? undefined : withEvent(machine, event),
  );
  // A machine that is new to the lists, or one that a status filter may have to drop.
  if (!known || kind === 'status') void queries.invalidateQueries({ queryKey: machineKeys.lists });
  // It came with what its agent told of it: of one that was added just now nothing was known before.
  if (kind === 'status') void queries.invalidateQueries({ queryKey: machineKeys.one(event.agent_id) });
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
