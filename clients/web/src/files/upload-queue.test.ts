import { ApiError } from '@webxterm/rest-client';
import { expect, it } from 'vitest';
import type { UploadOptions } from '../api/file-calls.ts';
import { UploadQueue, type UploadTarget } from './upload-queue.ts';

const make = () => {
  const sent: { path: string; options: UploadOptions; done: PromiseWithResolvers<void> }[] = [];
  let arrived = 0;
  const queue = new UploadQueue();
  const target = (...taken: string[]): UploadTarget => ({
    folder: '/tmp',
    taken: new Set(taken),
    send: (path, _file, options) => {
      const done = Promise.withResolvers<void>();
      options.signal.addEventListener('abort', () => done.reject(options.signal.reason));
      sent.push({ path, options, done });
      return done.promise;
    },
    onDone: () => {
      arrived += 1;
    },
  });
  const states = (): string[] => queue.uploads.map(({ name, state }) => `${name} ${state}`);
  return { queue, target, sent, states, arrived: () => arrived };
};

const files = (...names: string[]): File[] => names.map((name) => new File(['content'], name));
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

it('sends three at a time, in order, and the next when one is done, failed or cancelled', async () => {
  const { queue, target, sent, states, arrived } = make();
  queue.add(files('a', 'b', 'c', 'd', 'e', 'f'), target());
  expect(states()).toEqual(['a running', 'b running', 'c running', 'd waiting', 'e waiting', 'f waiting']);
  sent[0]?.options.onProgress(3);
  expect(queue.uploads[0]).toMatchObject({ path: '/tmp/a', sent: 3, size: 7 });
  sent[0]?.done.resolve();
  sent[1]?.done.reject(new Error('broken'));
  queue.remove(queue.uploads[2]?.id ?? 0);
  await turn();
  expect(states()).toEqual(['a done', 'b failed', 'd running', 'e running', 'f running']);
  expect([arrived(), sent[2]?.options.signal.aborted, queue.isBusy]).toEqual([1, true, true]);
  queue.retry(queue.uploads[1]?.id ?? 0);
  expect(states()[1]).toBe('b waiting');
  queue.removeAll();
  expect([states(), queue.isBusy, sent.at(-1)?.options.signal.aborted]).toEqual([[], false, true]);
});

it('asks before it replaces a file that is known, or that the machine reports, and only then replaces', async () => {
  const { queue, target, sent, states } = make();
  queue.add(files('known', 'new'), target('known'));
  expect(states()).toEqual(['known asking', 'new running']);
  expect(sent[0]?.options.replace).toBe(false);
  sent[0]?.done.reject(new ApiError({ status: 409, code: 'file_exists', message: 'There is one.' }));
  await turn();
  expect(states()).toEqual(['known asking', 'new asking']);
  for (const { id } of queue.uploads) queue.replace(id);
  expect(sent.slice(1).map(({ path, options }) => [path, options.replace])).toEqual([
    ['/tmp/known', true],
    ['/tmp/new', true],
  ]);
});
