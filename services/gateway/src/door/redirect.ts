import { createServer, type Server } from 'node:http';
import { serverLimits } from './limits.ts';

const maxConnections = 1024;

/**
 * Sends people who came by http to PUBLIC_URL, with their path. Nothing is served here; whoever asks for another name than ours
 * is not sent anywhere.
 */
export const redirectServer = (publicUrl: string): Server => {
  const { hostname, origin } = new URL(publicUrl);
  const server = createServer(serverLimits, (request, response) => {
    const target = `${origin}${request.url?.startsWith('/') === true ? request.url : '/'}`;
    response.setHeader('connection', 'close');
    if (hostOf(request.headers.host) !== hostname) response.writeHead(421).end();
    else if (!URL.canParse(target)) response.writeHead(400).end();
    else response.writeHead(308, { location: target }).end();
  });
  server.maxConnections = maxConnections;
  return server;
};

const hostOf = (header = ''): string => header.toLowerCase().replace(/:\d+$/, '');
