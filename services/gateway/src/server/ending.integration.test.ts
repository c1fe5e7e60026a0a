import { once } from 'node:events';
import { Agent, get, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type GatewayProcess, startGateway } from '../testing/gateway-process.ts';
import { RecordingService } from '../testing/recording-service.ts';

const auth = new RecordingService();
const hub = new RecordingService();
const terminal = new RecordingService();
const services = [auth, hub, terminal];
/** Keeps its connections open, as a browser does. */
const kept = new Agent({ keepAlive: true });
let gateway: GatewayProcess;
let log: string;

beforeAll(() => Promise.all(services.map((service) => service.start())));
afterAll(async () => {
  kept.destroy();
  await Promise.all(services.map((service) => service.stop()));
});
beforeEach(async () => {
  gateway = await startGateway({ AUTH_URLS: auth.url, AGENT_HUB_URLS: hub.url, TERMINAL_URLS: terminal.url });
  log = '';
  gateway.child.stdout?.on('data', (text) => {
    log += String(text);
  });
});
afterEach(async () => {
  await gateway.stop();
  for (const service of services) service.reset();
});

const openTerminal = async (): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/api/terminal/ag_x/ws?token=t`, 'webxterm.v1', {
    origin: gateway.origin,
  });
  await once(socket, 'open');
  return socket;
};

const isOpen = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Sends SIGTERM to the gateway. Resolves once it accepts no new connections. */
const requestShutdown = async (): Promise<void> => {
  gateway.child.kill('SIGTERM');
  while (await isOpen());
};

describe('a gateway that is stopped', () => {
  it('answers the requests in progress, keeps terminals open until then, and closes them last', async () => {
    const seen: string[] = [];
    const held = new Promise<ServerResponse>((resolve) => {
      auth.answer = (_request, response) => resolve(response);
    });
    const answered = new Promise<IncomingMessage>((resolve) =>
      get(`${gateway.origin}/api/profile`, { agent: kept }, resolve),
    );
    const service = await held;
    const socket = await openTerminal();
    socket.once('close', () => seen.push('terminal cut'));

    await requestShutdown();
    socket.send('still here');
    expect(String((await once(socket, 'message'))[0])).toBe('still here');

    service.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    const answer = await answered;
    seen.push(`answered ${answer.statusCode}`);
    answer.resume();
    const [code] = await once(gateway.child, 'exit');
    if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close');
    expect([code, seen]).toEqual([0, ['answered 200', 'terminal cut']]);
    expect(log).not.toContain('late');
  });

  it('answers also a request that waited for 100 Continue', async () => {
    const held = new Promise<ServerResponse>((resolve) => {
      auth.answer = (_request, response) => resolve(response);
    });
    const answered = new Promise<IncomingMessage>((resolve) => {
      const headers = { expect: '100-continue', 'content-type': 'application/json', 'content-length': '2' };
      const asking = request(`${gateway.origin}/api/login`, { method: 'POST', headers }, resolve);
      asking.once('continue', () => asking.end('{}'));
      asking.flushHeaders();
    });
    const service = await held;
    await requestShutdown();
    service.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    expect((await answered).resume().statusCode).toBe(200);
    expect(await once(gateway.child, 'exit')).toEqual([0, null]);
  });

  it('does not wait for an event stream, which has no end', async () => {
    hub.answer = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': welcome\n\n');
    const stream = await new Promise<IncomingMessage>((resolve) =>
      get(`${gateway.origin}/api/machines/events`, { headers: { authorization: 'Bearer t' } }, resolve),
    );
    expect(stream.headers['content-type']).toBe('text/event-stream');
    stream.on('error', () => undefined).resume();
    gateway.child.kill('SIGTERM');
    const [code] = await once(gateway.child, 'exit');
    expect(code).toBe(0);
    expect(log).not.toContain('late');
  });
});
