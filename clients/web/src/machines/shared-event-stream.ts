import { MachineAccessChange, MachineEvent } from '@webxterm/contracts/rest';
import { z } from 'zod';

const MachineMessage = z.union([
  z.object({ live: z.boolean() }),
  z.object({ kind: z.string(), event: MachineEvent }),
  z.object({ access: MachineAccessChange }),
]);
/** Messages of the leading tab to the others: the stream is connected or disconnected, or one event. */
export type MachineMessage = z.infer<typeof MachineMessage>;

const Message = z.union([z.object({ machines: MachineMessage }), z.object({ ask: z.literal('live') })]);

const name = 'webxterm.machine-events';

/**
 * Shares one event stream among all tabs of this browser. Over HTTP/1.1 a browser opens only six connections to a host, so a stream per tab
 * would use them up. The tab that holds the lock leads. When it closes, the next one leads. Without the Locks API (plain http on a host
 * other than localhost) each tab has its own stream. Returns a function that stops it.
 */
export const shareAmongTabs = (options: {
  lead: (signal: AbortSignal, publish: (message: MachineMessage) => void) => Promise<void>;
  onMessage: (message: MachineMessage) => void;
}): (() => void) => {
  const stop = new AbortController();
  const channel = new BroadcastChannel(name);
  let leading = false;
  let live = false;

  const publish = (message: MachineMessage): void => {
    if (stop.signal.aborted) return;
    if ('live' in message) live = message.live;
    options.onMessage(message);
    channel.postMessage({ machines: message });
  };
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const message = Message.safeParse(data).data;
    if (message === undefined) return;
    if ('machines' in message) {
      if (!leading) options.onMessage(message.machines);
    } else if (leading) channel.postMessage({ machines: { live } });
  };
  const lead = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    leading = true;
    await options.lead(stop.signal, publish);
  };

  const locks: LockManager | undefined = navigator.locks;
  const led = locks === undefined ? lead() : locks.request(name, { signal: stop.signal }, lead);
  // An abort rejects the wait for the lock, which needs no handling.
  Promise.resolve(led).catch(() => undefined);
  channel.postMessage({ ask: 'live' });
  return () => {
    if (leading && live) channel.postMessage({ machines: { live: false } });
    stop.abort();
    channel.close();
  };
};
