import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { closeCode, subprotocol, tokenProtocol } from '@webxterm/contracts/frames';
import { type ForwardError, type ForwardOptions, ForwardStream } from '@webxterm/terminal-client/node';
import { afterEach, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { eventually } from './support/rest.ts';
import { ownMachine, rest, stack, useStack } from './support/use-stack.ts';
import { Vsay } from './support/vsay.ts';

useStack();

const servers: Server[] = [];
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  for (const server of servers.splice(0)) server.close();
});

/** A server on this machine. @returns its port */
const serve = async (accept: (socket: Socket) => void): Promise<number> => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    ends.push(() => socket.destroy());
    socket.on('error', () => undefined);
    accept(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const sockets: WebSocket[] = [];
const forward = (port: number, token: string, more: Partial<ForwardOptions> = {}): ForwardStream => {
  const stream = new ForwardStream({
    url: stack.url,
    agentId: ownMachine.agent_id,
    host: 'localhost',
    port,
    token: async () => token,
    openSocket: (url, protocol, credential) => {
      const socket = new WebSocket(url, [protocol, tokenProtocol(credential)], { perMessageDeflate: false });
      sockets.push(socket);
      return socket;
    },
    ...more,
  });
  ends.push(() => stream.destroy());
  return stream;
};

const newToken = async (scopes: string[]): Promise<{ id: string; token: string }> => {
  const { body } = await rest.post<{ access_token: { id: string }; token: string }>('/api/profile/tokens', {
    name: `forwards ${scopes}`,
    scopes,
  });
  return { id: body.access_token.id, token: body.token };
};

let mine: { id: string; token: string };
beforeAll(async () => {
  mine = await newToken(['forward']);
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface Row {
  readonly action: string;
  readonly result: string;
  readonly reason: string | null;
  readonly session_id: string | null;
  readonly details: Record<string, unknown>;
}

const rowsOf = async (port: number): Promise<Row[]> => {
  const { body } = await rest.get<{ events: Row[] }>(`/api/audit?machine=${ownMachine.agent_id}&limit=200`);
  return body.events.filter(({ details }) => details.target === `localhost:${port}`).toReversed();
};

it('a connection by an access token carries bytes and the end of each direction, and has its target and bytes in the audit log', async () => {
  const port = await serve((socket) => socket.pipe(socket));
  const stream = forward(port, mine.token);
  await once(stream, 'connect');
  const sent = randomBytes(3_000_000);
  stream.end(sent);
  expect(sha256(await buffer(stream))).toBe(sha256(sent));
  const rows = await eventually('both rows', async () => {
    const found = await rowsOf(port);
    return found.length === 2 ? found : undefined;
  });
  expect(rows).toMatchObject([
    { action: 'forward_opened', result: 'ok', details: { target: `localhost:${port}` } },
    { action: 'forward_ended', result: 'ok', reason: 'closed' },
  ]);
  // Each message has a head of 3 bytes, and the end is a message.
  const { bytes_up: up, bytes_down: down } = rows[1]?.details ?? {};
  for (const bytes of [up, down]) {
    expect(bytes).toBeGreaterThan(sent.length);
    expect(bytes).toBeLessThan(sent.length * 1.01);
  }
});

it('loses and doubles no byte when its WebSocket is cut again and again', async () => {
  const lines = Buffer.from(Array.from({ length: 400_000 }, (_, line) => `${line}\n`).join(''));
  const received: Buffer[] = [];
  const got = Promise.withResolvers<void>();
  const port = await serve((socket) => {
    socket.on('data', (bytes) => received.push(bytes));
    socket.on('end', () => got.resolve());
    socket.end(lines);
  });
  const stream = forward(port, mine.token);
  stream.end(lines);
  const parts: Buffer[] = [];
  let bytes = 0;
  let cuts = 0;
  stream.on('data', (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
    if (cuts >= 5 || bytes < (lines.length * (cuts + 1)) / 7) return;
    cuts += 1;
    sockets.at(-1)?.terminate();
  });
  await once(stream, 'end');
  expect(cuts).toBe(5);
  expect(Buffer.concat(parts).equals(lines)).toBe(true);
  await got.promise;
  expect(Buffer.concat(received).equals(lines)).toBe(true);
  const rows = await eventually('the last row', async () => {
    const found = await rowsOf(port);
    return found.at(-1)?.reason === 'closed' ? found : undefined;
  });
  const opened = rows.filter(({ action }) => action === 'forward_opened');
  expect(opened.map(({ details }) => details.resumed)).toEqual([
    undefined,
    ...Array<boolean>(opened.length - 1).fill(true),
  ]);
  expect(opened.length).toBeGreaterThan(1);
  expect(new Set(rows.map(({ session_id }) => session_id)).size).toBe(1);
});

it('ends on the machine within a second of the end of its token, and its client learns why', async () => {
  const token = await newToken(['forward']);
  const reset = Promise.withResolvers<number>();
  const port = await serve((socket) => {
    socket.resume();
    socket.once('error', () => reset.resolve(performance.now()));
  });
  const stream = forward(port, token.token);
  await once(stream, 'connect');
  const failed = once(stream, 'error');
  await rest.send('DELETE', `/api/profile/tokens/${token.id}`);
  const revoked = performance.now();
  expect((await reset.promise) - revoked).toBeLessThan(1000);
  expect((await failed)[0]).toMatchObject({ name: 'ForwardError', code: 'unauthenticated' });
});

it('is refused by name: a closed port, a forbidden address, a user without access, and a token without the scope', async () => {
  const failure = (stream: ForwardStream): Promise<ForwardError> =>
    new Promise((resolve) => stream.once('error', (error: ForwardError) => resolve(error)));
  const closed = await serve(() => {});
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await failure(forward(closed, mine.token))).toMatchObject({
    code: 'forward_failed',
    message: `The machine could not connect to localhost:${closed}: nothing listens there.`,
  });
  expect(await failure(forward(80, mine.token, { host: '169.254.169.254' }))).toMatchObject({
    code: 'forward_refused',
  });
  const { token: stranger } = await rest.signup('forwards-stranger');
  expect(await failure(forward(80, stranger))).toMatchObject({ code: 'machine_not_found' });

  const upgrade = (query: string, protocols: string[]): Promise<number> =>
    new Promise((resolve) => {
      const url = `${stack.url.replace(/^http/, 'ws')}/api/terminal/${ownMachine.agent_id}/tcp?${query}`;
      const socket = new WebSocket(url, protocols);
      socket.once('error', () => undefined);
      socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
      socket.once('close', (code) => resolve(code));
    });
  const without = await newToken(['open']);
  const ticket = await rest.post<{ ticket: string }>('/api/terminal/tickets', { agent_id: ownMachine.agent_id });
  const v1 = subprotocol.v1;
  expect(await upgrade('host=localhost&port=80', [v1])).toBe(401);
  expect(await upgrade('host=localhost&port=80', [v1, tokenProtocol(without.token)])).toBe(403);
  expect(await upgrade(`host=localhost&port=80&token=${ticket.body.ticket}`, [v1])).toBe(401);
  expect(await upgrade(`host=localhost&port=80&token=${rest.token}`, [])).toBe(400);
  expect(await upgrade('host=localhost&port=0', [v1, tokenProtocol(mine.token)])).toBe(closeCode.protocolError);
});

it('vsay forwards ports, by -L and as a SOCKS proxy, and one connection on its stdin and stdout', async () => {
  const { token } = await newToken(['see', 'forward']);
  const vsay = new Vsay({ VSAY_HOST: stack.url, VSAY_TOKEN: token });
  ends.push(() => vsay.remove());
  const port = await serve((socket) => socket.pipe(socket));
  const terminal = vsay.start(['forward', ownMachine.name, '-L', `0:localhost:${port}`, '-D', '0']);
  await terminal.untilText('is a SOCKS proxy');
  const here = Number(/127\.0\.0\.1:(\d+) leads to localhost/.exec(terminal.text())?.[1]);
  const sent = randomBytes(1_000_000);
  const sockets = [connect(here, '127.0.0.1'), connect(here, '127.0.0.1')];
  for (const socket of sockets) socket.end(sent);
  for (const socket of sockets) expect(sha256(await buffer(socket))).toBe(sha256(sent));
  const proxy = Number(/127\.0\.0\.1:(\d+) is a SOCKS/.exec(terminal.text())?.[1]);
  const socks = (target: string): string[] => [
    '-sS',
    '--max-time',
    '20',
    '--socks5-hostname',
    `127.0.0.1:${proxy}`,
    target,
  ];
  const page = await serve((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nthrough'));
  expect((await promisify(execFile)('curl', socks(`http://localhost:${page}/`))).stdout).toBe('through');
  // 97: the proxy has refused the target.
  await expect(promisify(execFile)('curl', socks('http://169.254.169.254/'))).rejects.toMatchObject({ code: 97 });
  terminal.type('\x03');
  expect(await terminal.ended).toBe(130);
  expect(await vsay.run(['forward', ownMachine.name, '-W', `localhost:${port}`], { input: 'to and back' })).toEqual({
    code: 0,
    stdout: 'to and back',
    stderr: '',
  });
  const refused = await vsay.run(['forward', ownMachine.name, '-W', '169.254.169.254:80']);
  expect([refused.code, refused.stderr]).toEqual([
    252,
    expect.stringContaining('does not forward to 169.254.169.254:80'),
  ]);
});
