import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type GatewayProcess, startGateway } from '../testing/gateway-process.ts';
import { RecordingService } from '../testing/recording-service.ts';

const terminal = new RecordingService();
let gateway: GatewayProcess;
/** V8's trace output, one line per collection. */
let collections = '';

beforeAll(async () => {
  await terminal.start();
  gateway = await startGateway({ TERMINAL_URLS: terminal.url }, ['--trace-gc']);
  gateway.child.stdout?.on('data', (text) => {
    collections += String(text);
  });
});

afterAll(async () => {
  await gateway?.stop();
  await terminal.stop();
});

const frame = Buffer.alloc(64 * 1024, 'x');
const frames = 4096;

/** A shell that prints 256 MiB. */
const printsMuch: RecordingService['onUpgrade'] = (request, socket, head) => {
  new WebSocketServer({ noServer: true }).handleUpgrade(request, socket, head, (client) => {
    let sent = 0;
    const send = (): void => {
      sent += 1;
      if (sent <= frames) client.send(frame, send);
      else client.close();
    };
    send();
  });
};

it('collects the young generation for every MiB of output that it forwards, and loses none', async () => {
  terminal.onUpgrade = printsMuch;
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/api/terminal/ag_x/ws?token=t`, 'webxterm.v1', {
    origin: gateway.origin,
  });
  let received = 0;
  socket.on('message', (message: Buffer) => {
    received += message.length;
  });
  await once(socket, 'close');
  expect(received).toBe(frames * frame.length);
  await gateway.stop();
  // V8 prints `Scavenge`, with `testing` if `gc` requested it. A marking in progress may replace a few of them.
  const young = collections.split('\n').filter((line) => line.includes('Scavenge') && line.includes('testing'));
  expect(young.length).toBeGreaterThan(200);
});
