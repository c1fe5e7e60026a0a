// Receives from the process that forked it the machines for terminals, then `end`. Sends the number of attached viewers, and failures.
import { randomBytes } from 'node:crypto';
import {
  decodeDown,
  encodeUp,
  maxOutputWindow,
  protocolMax,
  protocolMin,
  subprotocol,
} from '@webxterm/contracts/frames';
import WebSocket from 'ws';
import { getTicket, type Product, socketUrl, trustAuthority } from '../api.ts';
import { ViewersOrder, type ViewersReport } from './fleet-messages.ts';

/** Terminals that are being opened at once. */
const opening = 8;
const reportEveryMs = 500;

const attached = new Set<WebSocket>();
const failures = new Map<string, number>();
const fail = (why: string): void => void failures.set(why, (failures.get(why) ?? 0) + 1);

/** An idle viewer of `webxterm.v1`. It only answers pings, which ws does. */
const openIdle = async (product: Product): Promise<void> => {
  const { ticket } = await getTicket(product);
  const socket = new WebSocket(socketUrl(product, ticket), subprotocol.v1, { perMessageDeflate: false });
  await new Promise<void>((resolve) => {
    socket.once('open', () => {
      socket.send(encodeUp({ type: 'hello', protocolMin, protocolMax, capabilities: 0 }));
      const viewerId = randomBytes(16);
      socket.send(encodeUp({ type: 'attach', viewerId, create: true, from: undefined, cols: 80, rows: 24 }));
    });
    socket.on('message', (message: Buffer) => {
      const frame = decodeDown(message);
      if (frame.type === 'refused') fail(`refused: ${frame.code}`);
      if (frame.type !== 'accepted') return;
      socket.send(encodeUp({ type: 'limit', acked: 0, limit: maxOutputWindow }));
      attached.add(socket);
      resolve();
    });
    socket.on('error', (error) => fail(error.message));
    socket.on('close', (code) => {
      attached.delete(socket);
      fail(`closed with ${code}`);
      resolve();
    });
  });
};

const openAll = async ({ url, token, agentIds }: ViewersOrder): Promise<void> => {
  const left = [...agentIds];
  const one = async (): Promise<void> => {
    for (let agentId = left.pop(); agentId !== undefined; agentId = left.pop())
      await openIdle({ url, token, agentId }).catch((error: unknown) => fail(String(error)));
  };
  await Promise.all(Array.from({ length: opening }, one));
};

process.on('message', (message) => {
  if (message === 'end') process.exit();
  const order = ViewersOrder.parse(message);
  trustAuthority(order.ca);
  void openAll(order);
  setInterval(() => {
    const report: ViewersReport = { attached: attached.size, failures: Object.fromEntries(failures) };
    process.send?.(report);
  }, reportEveryMs);
});
process.on('disconnect', () => process.exit());
