import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Client, credentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { rawAgentAttach } from '@webxterm/contracts/grpc';
import { createLogger } from '@webxterm/shared';
import { afterEach, describe, expect, it } from 'vitest';
import { withoutSubchannelSharing } from '../testing/channel.ts';
import { GuardedPort, type PortRules } from './guarded-port.ts';
import { createGrpcServer, credentialsFor } from './server.ts';

const oneWayMs = 25;
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Forwards bytes in order after a delay: a network with high latency and high bandwidth. */
const slowLine = async (port: number): Promise<number> => {
  const delay = (from: Socket, to: Socket): void => {
    from.on('data', (chunk) => setTimeout(() => to.write(chunk), oneWayMs));
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
  };
  const server: Server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    delay(near, far);
    delay(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const provenAtOnce: PortRules = {
  name: 'test',
  unproven: { total: 10, perSender: 10, strikes: { burst: 10, perSecond: 1 } },
  resets: { burst: 1000, perSecond: 33 },
  unprovenStreamsAtOnce: 1,
  judge: () => 'prove',
};

describe('a gRPC server with open windows', () => {
  it('receives from a distant peer many times the default window of 64 KiB per round trip', async () => {
    const server = createGrpcServer();
    const total = 12 * 1024 * 1024;
    server.addService(
      { attach: rawAgentAttach },
      {
        attach: (call: ServerDuplexStream<Buffer, Buffer>) => {
          let bytes = 0;
          call.on('data', (message: Buffer) => {
            bytes += message.length;
            if (bytes === total) call.write(Buffer.from('all'));
          });
          call.on('end', () => call.end());
        },
      },
    );
    const port = new GuardedPort(provenAtOnce, createLogger({ service: 'agent-hub', level: 'silent' }));
    const at = { host: '127.0.0.1', port: 0, setting: 'GRPC' };
    const line = await slowLine(await port.listen(server, at, credentialsFor(undefined)));
    const client = new Client(`127.0.0.1:${line}`, credentials.createInsecure(), withoutSubchannelSharing);
    ends.push(
      () => void port.shutDown(0),
      () => client.close(),
    );
    const { path, requestSerialize, responseDeserialize } = rawAgentAttach;
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const message = Buffer.alloc(64 * 1024);
    const from = performance.now();
    for (let sent = 0; sent < total; sent += message.length) stream.write(message);
    stream.end();
    await once(stream, 'data');
    const took = performance.now() - from;
    // Independent of the speed of the machine: the stock window needs 192 round trips of 50 ms.
    const stock = (total / (64 * 1024)) * 2 * oneWayMs;
    expect(took).toBeLessThan(stock / 3);
  }, 30_000);
});
