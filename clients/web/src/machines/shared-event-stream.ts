import { MachineAccessChange, MachineEvent } from '@webxterm/contracts/rest';
import { z } from 'zod';

const MachineNews = z.union([
  z.object({ live: z.boolean() }),
  z.object({ kind: z.string(), event: MachineEvent }),
  z.object({ access: MachineAccessChange }),
]);
/** What the tab with the stream tells the others: that it is up or down, or one event of it. */
export type MachineNews = z.infer<typeof MachineNews>;

const Message = z.union([z.object({ news: MachineNews }), z.object({ ask: z.literal('live') })]);

const name = 'webxterm.machine-events';

/**
 * One event stream for all tabs of this browser (over HTTP/1.1 a browser has six connections to a host: a stream per tab
 * would use them up). The tab that holds the lock leads; when it closes, the next one does. Where there are no locks
 * (plain http on another host than localhost) each tab leads itself. Returns how to stop.
 */
export const shareAmongTabs = (options: {
  lead: (signal: AbortSignal, tell: (news: MachineNews) => void) => Promise<void>;
  heard: (news: MachineNews) => void;
}): (() => void) => {
  const stop = new AbortController();
  const channel = new BroadcastChannel(name);
  let leading = false;
  let live = false;

  const tell = (news: MachineNews): void => {
    if (stop.signal.aborted) return;
    if ('live' in news) live = news.live;
    options.heard(news);
    channel.postMessage({ news });
  };
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const message = Message.safeParse(data).data;
    if (message === undefined) return;
    if ('news' in message) {
      if (!leading) options.heard(message.news);
    } else if (leading) channel.postMessage({ news: { live } });
  };
  const lead = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    leading = true;
    await options.lead(stop.signal, tell);
  };

  const locks: LockManager | undefined = navigator.locks;
  const led = locks === undefined ? lead() : locks.request(name, { signal: stop.signal }, lead);
  // An abort while waiting for the lock ends the wait, and that is all there is to it.
  Promise.resolve(led).catch(() => undefined);
  channel.postMessage({ ask: 'live' });
  return () => {
    if (leading && live) channel.postMessage({ news: { live: false } });
    stop.abort();
    channel.close();
  };
};
