import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { PipelineQueue } from './pipelining.ts';

it('the next request of a connection is served after all listeners for the end of this response have run', () => {
  const socket = new Socket();
  const request = new IncomingMessage(socket);
  const [first, second] = [new ServerResponse(request), new ServerResponse(request)];
  const pipeline = new PipelineQueue();
  const order: string[] = [];
  pipeline.take(socket, first, () => first.once('close', () => order.push('first is over')));
  pipeline.take(socket, second, () => order.push('second begins'));
  expect([order, pipeline.isTaken(socket)]).toEqual([[], true]);
  first.emit('close');
  second.emit('close');
  expect([order, pipeline.isTaken(socket)]).toEqual([['first is over', 'second begins'], false]);
});
