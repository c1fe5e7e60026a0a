// argv: port, upstream port
import { createServer } from 'node:http';
import { createProxyMiddleware } from 'http-proxy-middleware';

const [port, upstream] = process.argv.slice(2).map(Number);
const proxy = createProxyMiddleware({ target: `http://127.0.0.1:${upstream}`, ws: false });
const server = createServer((_request, response) => response.writeHead(404).end());
server.on('upgrade', proxy.upgrade);
server.listen(port, '127.0.0.1', () => process.send?.('ready'));
