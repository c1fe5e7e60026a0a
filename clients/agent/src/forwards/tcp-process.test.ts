import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tcpData } from '@webxterm/contracts/tcp-messages';
import { afterEach, expect, it } from 'vitest';
import { TcpProcess } from './tcp-process.ts';

const open: (Socket | Server)[] = [];
afterEach(() => {
  for (const each of open.splice(0)) 'destroy' in each ? each.destroy() : each.close();
});

/** A connection of the agent, and the end of its peer, which reads nothing yet. */
const pair = async (): Promise<{ socket: Socket; peer: Socket }> => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  await once(socket, 'connect');
  const [peer] = await accepted;
  open.push(server, socket, peer);
  return { socket, peer };
};

it('keeps no listener of the waits of a long transfer', async () => {
  const { socket, peer } = await pair();
  const before = [socket.listenerCount('drain'), socket.listenerCount('close')];
  const tcp = new TcpProcess(socket, { onOutput: () => {}, onEnd: () => {} }, () => socket.resetAndDestroy());
  const own = socket.listenerCount('close');
  const [message = new Uint8Array()] = tcpData(Buffer.alloc(32 * 1024));
  for (let wait = 0; wait < 20; wait += 1) {
    peer.pause();
    let taken = message.length;
    while (taken > 0) taken = tcp.write(message);
    const ready = new Promise<void>((resolve) => tcp.whenReady(resolve));
    peer.resume();
    await ready;
  }
  expect([socket.listenerCount('drain'), socket.listenerCount('close')]).toEqual([before[0], own]);
});
