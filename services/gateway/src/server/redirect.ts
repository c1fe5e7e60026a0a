import { createServer, type Server } from 'node:http';
import type { Connections } from './connections.ts';
import { maxConnections, serverLimits } from './limits.ts';

/**
 * Redirects plain HTTP requests to PUBLIC_URL with the same path. It serves no content. A request for any other host gets 421 and no
 * redirect. Its connections count against the same limits as those of the public port, because the limits are per process.
 */
export const redirectServer = (publicUrl: string, connections: Pick<Connections, 'add'>): Server => {
  const { hostname, origin } = new URL(publicUrl);
  const server = createServer(serverLimits, (request, response) => {
    const target = `${origin}${request.url?.startsWith('/') === true ? request.url : '/'}`;
    response.setHeader('connection', 'close');
    if (hostOf(request.headers.host) !== hostname) response.writeHead(421).end();
    else if (!URL.canParse(target)) response.writeHead(400).end();
    else response.writeHead(308, { location: target }).end();
  });
  server.maxConnections = maxConnections;
  server.on('connection', (socket) => connections.add(socket, false));
  return server;
};

const hostOf = (header = ''): string => header.toLowerCase().replace(/:\d+$/, '');
