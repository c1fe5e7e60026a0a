// argv: hub port
import { Client, credentials } from '@grpc/grpc-js';
import { spawn } from '@lydell/node-pty';
import { bareHub, channelOptions } from './method.ts';

const [hub] = process.argv.slice(2).map(Number);
const client = new Client(`127.0.0.1:${hub}`, credentials.createInsecure(), channelOptions);
const open = ({ path, requestSerialize, responseDeserialize }: typeof bareHub.attach) =>
  client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);

const control = open(bareHub.control);
control.on('data', () => {
  const stream = open(bareHub.splice);
  const shell = spawn('/bin/sh', [], { name: 'xterm-256color', cols: 80, rows: 24, encoding: null });
  // encoding null: node-pty hands out Buffers although its types say string.
  shell.onData((output: unknown) => {
    if (output instanceof Buffer && !stream.write(output)) shell.pause();
  });
  stream.on('drain', () => shell.resume());
  stream.on('data', (input: Buffer) => shell.write(input.toString('latin1')));
  stream.on('end', () => {
    shell.kill('SIGKILL');
    stream.end();
  });
  shell.onExit(() => stream.end());
});
control.on('error', () => process.exit(1));
control.write(Buffer.from('hello'));
process.send?.('ready');
process.on('disconnect', () => process.exit());
