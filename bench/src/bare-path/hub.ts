// argv: port
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { wrapHttp2 } from '@webxterm/contracts/grpc';
import { bareHub, channelOptions } from './method.ts';

type Stream = ServerDuplexStream<Buffer, Buffer>;

// grpc-js leaves its server's receive window at the default 64 KiB; the product raises it in the same way.
const window = channelOptions['grpc-node.flow_control_window'];
wrapHttp2({
  createServer: (createServer) => (options) => {
    const server = createServer({ ...options, settings: { ...options.settings, initialWindowSize: window } });
    server.on('session', (session) => session.setLocalWindowSize(window));
    return server;
  },
});

const [port] = process.argv.slice(2).map(Number);
const waiting: Stream[] = [];
let agent: Stream | undefined;

const pipe = (from: Stream, to: Stream): void => {
  from.on('data', (message: Buffer) => {
    if (!to.write(message)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
  from.on('error', () => to.end());
};

const server = new Server(channelOptions);
server.addService(bareHub, {
  control: (stream: Stream) => {
    agent = stream;
    stream.resume();
  },
  attach: (stream: Stream) => {
    waiting.push(stream);
    agent?.write(Buffer.from('open'));
  },
  splice: (stream: Stream) => {
    const viewer = waiting.shift();
    if (viewer === undefined) {
      stream.end();
      return;
    }
    pipe(stream, viewer);
    pipe(viewer, stream);
  },
});
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), () => process.send?.('ready'));
process.on('disconnect', () => process.exit());
