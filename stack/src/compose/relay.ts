import { createServer, connect as dial, type Server } from 'node:net';
import { pipeline } from 'node:stream';

/** `8081=agent-hub:8081`: what connects to this port of loopback is led there. */
export interface Relay {
  readonly port: number;
  readonly host: string;
  readonly hostPort: number;
}

const maxConnections = 64;

/** An agent dials a hub without TLS on its own machine only; this brings the hub there, inside one Docker engine. */
export const openRelay = ({ port, host, hostPort }: Relay): Promise<Server> => {
  const server = createServer((client) => {
    const upstream = dial({ host, port: hostPort, noDelay: true });
    client.setNoDelay(true);
    // Either end gone is the other end's end; who dialled sees it and dials again.
    pipeline(client, upstream, client, () => {
      client.destroy();
      upstream.destroy();
    });
  });
  server.maxConnections = maxConnections;
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });
};
