import { ApiError } from '@webxterm/rest-client';
import { expect, it } from 'vitest';
import type { UploadOptions } from '../api/file-calls.ts';
import { type LocalFile, plainFiles } from './local-files.ts';
import { UploadQueue, type UploadTarget } from './upload-queue.ts';

const make = () => {
  const sent: { path: string; options: UploadOptions; done: PromiseWithResolvers<void> }[] = [];
  const made: string[] = [];
  let arrived = 0;
  const queue = new UploadQueue();
  const target = (...taken: string[]): UploadTarget => ({
    folder: '/tmp',
    taken: new Set(taken),
    makeFolder: async (path) => {
      made.push(path);
      if (path.endsWith('there')) throw new ApiError({ status: 409, code: 'file_exists', message: 'There is one.' });
      if (path.endsWith('refused')) throw new Error('not allowed');
    },
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
  return { queue, target, sent, made, states, arrived: () => arrived };
};

const files = (...names: string[]): readonly LocalFile[] =>
  plainFiles(names.map((name) => new File(['content'], name)));
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

it('makes each folder of a tree once before its files, takes one that is there, and tries a failed one again', async () => {
  const { queue, target, sent, made, states } = make();
  const file = new File(['content'], 'a\\b');
  queue.add(
    [
      { file, folders: ['there', 'css'] },
      { file, folders: ['there', 'css'] },
      { file: undefined, folders: ['there', 'empty'] },
      { file, folders: ['refused', 'inner'] },
    ],
    target('a\\\\b'),
  );
  await turn();
  expect(made).toEqual(['/tmp/there', '/tmp/there/css', '/tmp/there/empty', '/tmp/refused']);
  expect(sent.map(({ path }) => path)).toEqual(Array(2).fill('/tmp/there/css/a\\\\b'));
  for (const { done } of sent) done.resolve();
  await turn();
  const [css, empty, refused] = ['there/css/a\\\\b done', 'there/empty done', 'refused/inner/a\\\\b failed'];
  expect(states()).toEqual([css, css, empty, refused]);
  queue.retry(queue.uploads[3]?.id ?? 0);
  await turn();
  expect(made.slice(4)).toEqual(['/tmp/refused']);
});
