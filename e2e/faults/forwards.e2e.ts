import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tokenProtocol } from '@webxterm/contracts/frames';
import { ForwardStream } from '@webxterm/terminal-client/node';
import { expect, it } from 'vitest';
import WebSocket from 'ws';
import { ownMachine, rest, stack, useStack } from '../support/use-stack.ts';

useStack();

it('a forwarded connection loses and doubles no byte in either direction while hub, terminal and gateway are killed', async () => {
  const lines = Buffer.from(Array.from({ length: 4_000_000 }, (_, line) => `${line}\n`).join(''));
  const received: Buffer[] = [];
  const got = Promise.withResolvers<void>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (bytes) => received.push(bytes));
    socket.on('end', () => got.resolve());
    socket.end(lines);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stream = new ForwardStream({
    url: stack.url,
    agentId: ownMachine.agent_id,
    host: 'localhost',
    port: (server.address() as AddressInfo).port,
    token: async () => rest.token ?? '',
    openSocket: (url, protocol, token) => new WebSocket(url, [protocol, tokenProtocol(token)]),
  });
  stream.end(lines);
  const parts: Buffer[] = [];
  let bytes = 0;
  const killed: Promise<void>[] = [];
  const names = ['agent-hub-1', 'terminal-1', 'gateway-1'];
  stream.on('data', (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
    const name = names[killed.length];
    if (name !== undefined && bytes > (lines.length * (killed.length + 1)) / 5) killed.push(stack.kill(name));
  });
  await Promise.all([once(stream, 'end'), got.promise]);
  await Promise.all(killed);
  server.close();
  expect(killed).toHaveLength(names.length);
  expect(Buffer.concat(parts).equals(lines)).toBe(true);
  expect(Buffer.concat(received).equals(lines)).toBe(true);
  await stack.healthy();
}, 240_000);
