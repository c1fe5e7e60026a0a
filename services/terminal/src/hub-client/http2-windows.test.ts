import { once } from 'node:events';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { rawHubAttach } from '@webxterm/contracts/grpc';
import { afterEach, describe, expect, it } from 'vitest';
import { HubChannels, type RawCall } from './channels.ts';
import { streamWindow } from './http2-windows.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const chunk = Buffer.alloc(64 * 1024);
const floodBytes = 128 * 1024 * 1024;

/** A hub that floods an attachment after the input `flood`, and echoes all other input. */
const floodingHub = async (): Promise<{ address: string; flooded: () => number }> => {
  let sent = 0;
  const flood = (call: ServerDuplexStream<Buffer, Buffer>): void => {
    while (sent < floodBytes) {
      sent += chunk.length;
      if (!call.write(chunk)) return void call.once('drain', () => flood(call));
    }
  };
  const server = new Server();
  server.addService(
    { attach: rawHubAttach },
    {
      attach: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (message: Buffer) => (message.toString() === 'flood' ? flood(call) : call.write(message)));
      },
    },
  );
  ends.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { address: `127.0.0.1:${port}`, flooded: () => sent };
};

const attach = (channels: HubChannels, address: string): RawCall => {
  const call = channels.attach(address, 'test');
  call.on('error', () => {});
  return call;
};

describe('a machine that ignores the limits', () => {
  it('fills at most the window of its own attachment, and other attachments on the connection continue', async () => {
    const hub = await floodingHub();
    const channels = new HubChannels('token');
    ends.push(() => channels.close());
    const hostile = attach(channels, hub.address);
    const honest = attach(channels, hub.address);
    hostile.once('data', () => hostile.pause());
    hostile.write(Buffer.from('flood'));
    // Waits until the flood has stopped during a hundred echoes.
    for (let still = 0, before = -1; still < 100; still += 1) {
      if (hub.flooded() !== before) still = 0;
      before = hub.flooded();
      honest.write(Buffer.from('echo'));
      await once(honest, 'data');
    }
    expect(hub.flooded()).toBeGreaterThan(streamWindow / 2);
    expect(hub.flooded()).toBeLessThan(4 * streamWindow);
  }, 30_000);
});
