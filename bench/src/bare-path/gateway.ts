// argv: port, upstream port
import { Agent, createServer } from 'node:http';
import { createProxyMiddleware } from 'http-proxy-middleware';

const [port, upstream] = process.argv.slice(2).map(Number);
const target = `http://127.0.0.1:${upstream}`;
const sockets = createProxyMiddleware({ target, ws: false });
const requests = createProxyMiddleware({ target, ws: false, agent: new Agent({ keepAlive: true }) });
const server = createServer((request, response) => void requests(request, response));
server.on('upgrade', sockets.upgrade);
server.listen(port, '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit());
