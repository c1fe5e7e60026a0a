// argv: port, hub port
import { createServer } from 'node:http';
import { Client, credentials } from '@grpc/grpc-js';
import { WebSocketServer } from 'ws';
import { bareHub, channelOptions } from './method.ts';

const [port, hub] = process.argv.slice(2).map(Number);
const client = new Client(`127.0.0.1:${hub}`, credentials.createInsecure(), channelOptions);
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

/** Bytes that may wait in a socket before its gRPC stream is paused. */
const highWater = 1024 * 1024;

sockets.on('connection', (socket) => {
  const { path, requestSerialize, responseDeserialize } = bareHub.attach;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  socket.on('message', (input: Buffer) => stream.write(input));
  stream.on('data', (output: Buffer) => {
    socket.send(output, () => {
      if (stream.isPaused() && socket.bufferedAmount < highWater / 2) stream.resume();
    });
    if (socket.bufferedAmount > highWater) stream.pause();
  });
  socket.on('close', () => stream.end());
  stream.on('end', () => socket.close());
  stream.on('error', () => socket.close());
});
server.listen(port, '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit());
