import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openRelay } from './relay.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

const portOf = (server: Server): number => {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return address.port;
};

/** A server that sends back what it gets, and a relay to it. */
const relayToEcho = async (): Promise<{ port: number; sockets: Socket[] }> => {
  const sockets: Socket[] = [];
  const echo = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const relay = await openRelay({ port: 0, host: '127.0.0.1', hostPort: portOf(echo) });
  open.push(echo, relay);
  return { port: portOf(relay), sockets };
};

it('carries bytes both ways', async () => {
  const { port } = await relayToEcho();
  const client = connect(port, '127.0.0.1');
  client.write('there and back');
  const [bytes] = await once(client, 'data');
  expect(String(bytes)).toBe('there and back');
  client.destroy();
});

it('ends the connection of who dialled when the other end goes', async () => {
  const { port, sockets } = await relayToEcho();
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  client.write('x');
  await once(client, 'data');
  sockets[0]?.destroy();
  await once(client, 'close');
});

it('ends it when the other end is not there', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const hostPort = portOf(gone);
  gone.close();
  await once(gone, 'close');
  const relay = await openRelay({ port: 0, host: '127.0.0.1', hostPort });
  open.push(relay);
  const client = connect(portOf(relay), '127.0.0.1').on('error', () => undefined);
  await once(client, 'close');
});
